"""What is looked at before `packshot up` starts anything: each trouble is a sentence that says what to do."""

import errno
import fcntl
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packshot.locations import NANO_WEIGHTS
from schemas import AssetError, Settings, Variant
from zimage_core.weights import locate

LOCK = "up.lock"
OLDEST_SQLITE = (3, 35, 0)
"""The catalog needs `UPDATE ... RETURNING`, which came with it."""


class PortTaken(AssetError):
    """Another program listens on the port."""


class WorkspaceInUse(AssetError):
    """Another `packshot up` works in this workspace."""


class SqliteTooOld(AssetError):
    """This Python's SQLite is too old for the catalog."""


@dataclass(frozen=True)
class Door:
    """An address that one of our processes is going to listen on."""

    name: str
    host: str
    port: int
    option: str
    """What moves it, for the sentence."""


@contextmanager
def workspace_lock(workspace: Path) -> Iterator[None]:
    """Hold `workspace` for one `up`; the kernel lets go however it ends. Raises WorkspaceInUse."""
    with (workspace / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read(20).strip() or "unknown"
            raise WorkspaceInUse(
                f"{workspace} is in use by another `packshot up` (process {who}); stop that one, "
                "or name another folder with --out."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def require_ports(doors: Sequence[Door]) -> None:
    """Raise PortTaken naming every address that cannot be listened on, and what moves it."""
    taken = [trouble for door in doors if (trouble := _trouble(door))]
    same = {door.port for door in doors if [other.port for other in doors].count(door.port) > 1}
    if same:
        taken.append(f"port {min(same)} is wanted twice")
    if taken:
        text = "; ".join(taken)
        raise PortTaken(f"{text[0].upper()}{text[1:]}.")


def free_port(host: str) -> int:
    """Return a port of `host` that nobody listens on at this moment."""
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


def require_sqlite(version: tuple[int, ...], text: str) -> None:
    """Raise SqliteTooOld when the linked SQLite cannot carry the catalog."""
    if version < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise SqliteTooOld(
            f"This Python links SQLite {text}; {needed} or newer is needed: use another Python."
        )


def require_weights(settings: Settings, find: Callable[[Variant, str, Path], object] = locate) -> None:
    """Hash the weights that are folders of this machine against their manifests; raise WeightsInvalid."""
    for variant, setting in ((Variant.TURBO, settings.core.turbo), (Variant.BASE, settings.core.base)):
        if setting == "nano" or Path(setting).expanduser().is_dir():
            find(variant, setting, NANO_WEIGHTS)


def _trouble(door: Door) -> str:
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    try:
        with socket.create_server((door.host, door.port), family=family):
            return ""
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
        return f"port {door.port} for {door.name} {why}: free it, or choose another with {door.option}"
