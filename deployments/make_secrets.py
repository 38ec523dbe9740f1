"""Write the secrets that compose.yaml mounts, each a file of its own: random, and never made twice.

python deployments/make_secrets.py [--folder deployments/secrets] [--name packshot.example.com]

Prints the password of `operator`, who may see Prefect's pages, once. Needs openssl. A file that is
there already is kept, so put your own certificate into gateway.crt and gateway.key before or after.
"""

import argparse
import base64
import hashlib
import json
import secrets
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"


def api_key(tenant: str, role: str) -> tuple[str, str]:
    """Return an API key of the core, and the line that its keys file has of it."""
    key = f"psk_{secrets.token_urlsafe(32)}"
    kept = {
        "prefix": key[:9],
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "tenant": tenant,
        "role": role,
    }
    return key, json.dumps(kept)


def openssl(*arguments: str, given: str = "") -> str:
    """Return what openssl prints; raise CalledProcessError when it fails."""
    command = ["openssl", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    return done.stdout


def certificate(name: str) -> dict[str, str]:
    """Return a key and a certificate signed by itself for `name`, good until you bring your own."""
    key = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    made = openssl("req", "-x509", "-key", "/dev/stdin", "-days", "365", *subject, given=key)
    return {"gateway.key": key, "gateway.crt": made}


def stores() -> dict[str, str]:
    """Return what opens PostgreSQL and Redis, and the addresses that hold it."""
    database, messages = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    return {
        "postgres_password": database,
        "catalog_url": f"postgresql+psycopg://packshot:{database}@postgres:5432/packshot",
        "prefect_database_url": f"postgresql+asyncpg://packshot:{database}@postgres:5432/prefect",
        "redis.conf": f'requirepass {messages}\nbind 0.0.0.0\ndir /tmp\nsave ""\nappendonly no\n'
        "maxmemory 400mb\nmaxmemory-policy noeviction\n",
        "redis_url": f"redis://:{messages}@redis:6379/0",
        "docket_url": f"redis://:{messages}@redis:6379/1",
    }


def people(password: str) -> dict[str, str]:
    """Return what lets people and Prefect's own clients in; `password` is the operator's."""
    prefect = f"packshot:{secrets.token_urlsafe(24)}"
    token = base64.b64encode(prefect.encode()).decode()
    hashed = openssl("passwd", "-apr1", "-stdin", given=password).strip()
    return {
        "prefect_auth": prefect,
        "prefect_authorization.conf": f'proxy_set_header Authorization "Basic {token}";\n',
        "gateway_htpasswd": f"operator:{hashed}\n",
        "grafana_password": secrets.token_urlsafe(24),
    }


def everything(name: str, password: str) -> dict[str, str]:
    """Return each secret by its file's name."""
    render, render_line = api_key("flows", "render")
    monitor, monitor_line = api_key("prometheus", "monitor")
    core = {
        "core_keys.jsonl": f"{render_line}\n{monitor_line}\n",
        "core_render_key": render,
        "core_monitor_key": monitor,
    }
    return {
        **stores(),
        **core,
        **people(password),
        **certificate(name),
        "alert_webhook": "https://alerts.example.com/replace-me\n",
        "studio_monitor_key": "replace-me\n",
    }


def write(folder: Path, contents: dict[str, str]) -> list[str]:
    """Write what `folder` has not yet, all or nothing of what belongs together; return the new names.

    The folder is its owner's alone. The files in it may be read by all, because an engine mounts them as they
    are into containers whose users are others. Raises FileExistsError naming a set that is torn.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = {"gateway.key", "gateway.crt", "alert_webhook", "studio_monitor_key"}
    there = {name for name in contents if (folder / name).exists()}
    torn = there - own
    if torn and torn != contents.keys() - own:
        missing = ", ".join(sorted(contents.keys() - own - there))
        raise FileExistsError(
            f"{folder} has some secrets but not {missing}: restore them, or empty the folder."
        )
    fresh = [name for name in contents if name not in there]
    if "gateway.key" in there or "gateway.crt" in there:
        fresh = [name for name in fresh if not name.startswith("gateway.")]
    for name in fresh:
        path = folder / name
        path.write_text(contents[name], encoding="utf-8")
        path.chmod(0o444)
    return fresh


def main() -> int:
    """Write the secrets that are missing; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the secrets that compose.yaml mounts.")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--name", default="localhost", help="the host name that people type")
    given = parser.parse_args()
    password = secrets.token_urlsafe(12)
    try:
        fresh = write(given.folder, everything(given.name, password))
    except FileExistsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(fresh)} secrets written to {given.folder}.\n")
    if "gateway_htpasswd" in fresh:
        sys.stdout.write(f"Prefect's pages: user operator, password {password}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
