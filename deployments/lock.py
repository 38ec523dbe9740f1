"""Write requirements.lock from a fresh resolution and copy its versions into pyproject.toml's constraints.

`uv run` on any machine then resolves to exactly these versions, and no file names a download host.
The images install from locks of their own, deployments/docker/NAME.lock: the same versions, fewer packages.
Usage: `python deployments/lock.py` (or `just lock`) after a change of dependencies;
`--upgrade` takes the newest versions that the project's ranges allow.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
IMAGES = ROOT / "deployments" / "docker"
EXTRAS = {
    "core": ("core", "checks", "gpu"),
    "ray": ("core", "checks", "gpu", "cluster"),
    "worker": ("flows", "studio", "postgres", "s3", "c2pa", "redis"),
}
"""What each image has of the project's optional dependencies."""

BLOCK = re.compile(r"constraint-dependencies = \[\n.*?\n\]", re.DOTALL)
PINNED = re.compile(r"^(?P<pin>[A-Za-z0-9._-]+(?:\[[^\]]+\])?==[^\s;]+(?: ; [^\\]+?)?) ?\\?$")


def pins(lock_text: str) -> list[str]:
    """List the `name==version ; marker` lines of a hashed requirements file."""
    found = (PINNED.match(line) for line in lock_text.splitlines())
    return [match["pin"].strip() for match in found if match]


def with_constraints(project_text: str, wanted: list[str]) -> str:
    """Return pyproject.toml's text with its constraint list replaced by `wanted`."""
    lines = "\n".join(f'    "{pin}",' for pin in wanted)
    return BLOCK.sub(lambda _: f"constraint-dependencies = [\n{lines}\n]", project_text, count=1)


def exported(*arguments: str) -> str:
    """Return uv's list of pinned and hashed packages; raise CalledProcessError when uv cannot make it."""
    command = ["uv", "export", "--no-emit-project", "--no-header", "-q", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    return done.stdout


def write_image_locks() -> None:
    """Write the lock of each image from the resolution that is there."""
    for image, extras in EXTRAS.items():
        chosen = [word for extra in extras for word in ("--extra", extra)]
        locked = exported("--frozen", "--no-default-groups", "--no-annotate", *chosen)
        (IMAGES / f"{image}.lock").write_text(locked)


def main(arguments: list[str]) -> int:
    """Resolve, export and rewrite; return uv's exit status when it fails."""
    if "--upgrade" in arguments:
        PROJECT.write_text(with_constraints(PROJECT.read_text(), ["pip>=0"]))
        (ROOT / "uv.lock").unlink(missing_ok=True)
    try:
        everything = exported("--all-extras", "--all-groups")
        LOCK.write_text(everything)
        PROJECT.write_text(with_constraints(PROJECT.read_text(), pins(everything)))
        write_image_locks()
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stderr)
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
