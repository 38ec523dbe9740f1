"""The parts of the servers' topology as plain processes; `benchmarks.topology` works and kills them.

PostgreSQL, Redis and nginx from the system, two Prefect servers, their background services apart, cores, a
worker and the studio: what deployments/compose.yaml starts as containers. PostgreSQL is Debian's, because the
wheel's lacks the extension pg_trgm that Prefect's tables need.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import psycopg

BACK_S = 120.0
"""A part that does not answer after so long is given up, and with it the run."""

PREFECT_NGINX = """\
worker_processes 1;
daemon off;
user root;
pid {folder}/prefect-nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/prefect-body;
    proxy_temp_path {folder}/prefect-proxy;
    fastcgi_temp_path {folder}/prefect-fastcgi;
    uwsgi_temp_path {folder}/prefect-uwsgi;
    scgi_temp_path {folder}/prefect-scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    upstream prefect {{
        least_conn;
{servers}
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 16m;
        location / {{
            proxy_pass http://prefect;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_connect_timeout 2s;
            proxy_read_timeout 3600s;
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""


SERVICES = (
    "import runpy, sys; from flows.prefect_server import mend_scheduler; mend_scheduler(); "
    "sys.argv = ['prefect', 'server', 'services', 'start']; runpy.run_module('prefect', run_name='__main__')"
)
"""`prefect server services start` with the scheduler mended, as flows/prefect_server.py tells."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Part:
    """A process of the topology; `asks` is an address that answers 200 once it works."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    asks: str = ""
    user: str | None = None
    process: "subprocess.Popen[bytes] | None" = None
    kills: int = 0
    back_s: float = 0.0

    def start(self) -> None:
        """Start the process; its output goes to a file beside the others."""
        log = (self.folder / f"{self.name}.log").open("ab")
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            self.command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **self.environment},
            start_new_session=True,
            user=self.user,
        )
        log.close()

    def wait(self) -> float:
        """Wait until the part works, started again when it ends; return the seconds. Raises TimeoutError."""
        began = time.monotonic()
        while time.monotonic() - began < BACK_S:
            if self.works():
                return time.monotonic() - began
            if self.process and self.process.poll() is not None:
                time.sleep(0.5)
                self.start()
            time.sleep(0.1)
        raise TimeoutError(f"{self.name} does not work after {BACK_S:.0f} s.")

    def works(self) -> bool:
        """Tell whether the part answers; one without an address works while it runs."""
        if not self.asks:
            return self.process is not None and self.process.poll() is None
        if self.asks.startswith("postgresql:"):
            return _answers(self.asks)
        try:
            return httpx.get(self.asks, timeout=2, trust_env=False).status_code < 400
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """Kill the process alone, as an out-of-memory killer does, and start it again."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.start()
        self.back_s = self.wait()

    def stop(self) -> None:
        """End the process and all that it started."""
        if self.process is None:
            return
        with_children = [self.process.pid, *(one.pid for one in _children(self.process.pid))]
        for pid in with_children:
            _signal(pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for pid in with_children:
            _signal(pid, signal.SIGKILL)


@dataclass
class Topology:
    """All parts at work, and where they are reached."""

    folder: Path
    workspace: Path
    ports: dict[str, int] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def catalog_url(self) -> str:
        """Address of the catalog's database."""
        return self.database("packshot", "psycopg")

    def database(self, name: str, driver: str = "") -> str:
        """Return the address of a database, for a driver of SQLAlchemy or for libpq."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        return f"{scheme}://postgres@127.0.0.1:{self.ports['postgres']}/{name}"

    @property
    def settings(self) -> dict[str, str]:
        """What the environment of our own processes says."""
        return {
            "PACKSHOT_CATALOG__URL": self.catalog_url,
            "PACKSHOT_CATALOG__STORE": str(self.workspace / "assets"),
            "PACKSHOT_CORE__URL": f"http://127.0.0.1:{self.ports['cores']}",
            "PREFECT_API_URL": f"http://127.0.0.1:{self.ports['prefect']}/api",
            "PACKSHOT_STUDIO__PREFECT_URL": f"http://127.0.0.1:{self.ports['prefect']}/api",
            "PACKSHOT_FLOWS__EXPORT_WORKERS": "1",
            **QUIET,
            "PREFECT_HOME": str(self.folder / "home"),
        }

    def add(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        asks: str = "",
        user: str | None = None,
    ) -> Part:
        """Start a part and wait until it works."""
        part = self.parts[name] = Part(name, command, environment, self.folder, asks, user)
        part.start()
        part.wait()
        return part


QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLI_PROMPT": "false",
    "OMP_NUM_THREADS": "1",
}


@contextmanager
def topology(folder: Path, cores: int) -> Iterator[Topology]:
    """Start everything, in the order in which the parts need each other, and stop it at the end."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    whole = Topology(folder, workspace)
    try:
        _start(whole, cores)
        yield whole
    finally:
        for part in reversed(whole.parts.values()):
            part.stop()


def _start(whole: Topology, cores: int) -> None:
    names = [
        "postgres",
        "redis",
        "prefect-1",
        "prefect-2",
        "prefect",
        "cores",
        "studio",
        *(f"core-{n + 1}" for n in range(cores)),
    ]
    whole.ports.update({name: free_port() for name in names})
    _start_postgres(whole)
    _start_redis(whole)
    _start_prefect(whole)
    _start_cores(whole, cores)
    ours = [sys.executable, "-m", "packshot"]
    _once([*ours, "deploy", "--out", str(whole.workspace)], whole.settings)
    worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "packshot", "--type", "process"]
    whole.add("worker", [*worker, "--limit", "4"], whole.settings)
    port = whole.ports["studio"]
    studio = [*ours, "studio", "--out", str(whole.workspace), "--port", str(port)]
    whole.add("studio", studio, whole.settings, f"http://127.0.0.1:{port}/readyz")


def _start_postgres(whole: Topology) -> None:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise FileNotFoundError("PostgreSQL is not installed here.")
    # The server refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    data = whole.folder / "postgres"
    data.mkdir()
    if user:
        for path in (whole.folder, data):
            shutil.chown(path, user)
    initdb = [str(programs[-1] / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
    subprocess.run(initdb, check=True, capture_output=True, user=user)  # noqa: S603 - our own command
    port = str(whole.ports["postgres"])
    command = [
        str(programs[-1] / "postgres"),
        "-D",
        str(data),
        "-k",
        str(data),
        "-h",
        "127.0.0.1",
        "-p",
        port,
    ]
    command += ["-c", "max_connections=200"]
    whole.add("postgres", command, {}, whole.database("postgres"), user)
    with psycopg.connect(whole.database("postgres"), autocommit=True) as connection:
        for name in ("packshot", "prefect"):
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]  # one of two names of ours


def _start_redis(whole: Topology) -> None:
    redis = shutil.which("redis-server")
    if not redis:
        raise FileNotFoundError("redis-server is not installed here.")
    data = whole.folder / "redis"
    data.mkdir()
    port = str(whole.ports["redis"])
    whole.add(
        "redis", [redis, "--port", port, "--dir", str(data), "--appendonly", "yes", "--bind", "127.0.0.1"], {}
    )
    time.sleep(0.5)


def _start_prefect(whole: Topology) -> None:
    redis = f"redis://127.0.0.1:{whole.ports['redis']}"
    environment = {
        **QUIET,
        "PREFECT_HOME": str(whole.folder / "server"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": whole.database("prefect", "asyncpg"),
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_REDIS_MESSAGING_URL": f"{redis}/0",
        "PREFECT_SERVER_DOCKET_URL": f"{redis}/1",
    }
    prefect = [sys.executable, "-m", "prefect"]
    _once([*prefect, "server", "database", "upgrade", "-y"], environment)
    for name in ("prefect-1", "prefect-2"):
        port = whole.ports[name]
        command = [*prefect, "server", "start", "--no-services", "--no-ui", "--port", str(port)]
        whole.add(name, command, environment, f"http://127.0.0.1:{port}/api/health")
    whole.add("prefect-services", [sys.executable, "-c", SERVICES], environment)
    servers = "\n".join(
        f"        server 127.0.0.1:{whole.ports[name]};" for name in ("prefect-1", "prefect-2")
    )
    text = PREFECT_NGINX.format(folder=whole.folder, servers=servers, port=whole.ports["prefect"])
    _nginx(whole, "nginx-prefect", text, f"http://127.0.0.1:{whole.ports['prefect']}/api/health")


def _start_cores(whole: Topology, cores: int) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "deployments" / "nginx"))
    from core_conf import configuration

    names = [f"core-{number + 1}" for number in range(cores)]
    for name in names:
        port = whole.ports[name]
        command = [sys.executable, "-m", "packshot", "core", "serve", "--port", str(port)]
        whole.add(name, command, QUIET, f"http://127.0.0.1:{port}/health/ready")
    listen = f"127.0.0.1:{whole.ports['cores']}"
    text = configuration([f"127.0.0.1:{whole.ports[name]}" for name in names], listen, str(whole.folder))
    text = text.replace("worker_processes auto;", "worker_processes 1;\ndaemon off;\nuser root;")
    _nginx(whole, "nginx-cores", text, f"http://{listen}/health/live")


def _nginx(whole: Topology, name: str, text: str, asks: str) -> None:
    nginx = shutil.which("nginx")
    if not nginx:
        raise FileNotFoundError("nginx is not installed here.")
    file = whole.folder / f"{name}.conf"
    file.write_text(text)
    whole.add(name, [nginx, "-c", str(file)], {}, asks)


def _once(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:])}: {(done.stderr or done.stdout)[-2000:]}")


def flow_runs(worker: Part) -> list[psutil.Process]:
    """Return the processes in which a worker's flow runs live."""
    children = _children(worker.process.pid) if worker.process else []
    return [one for one in children if "python" in one.name() and one.is_running()]


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
