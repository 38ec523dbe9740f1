"""What `python -m zimage_core` and `packshot core serve` share: the parent, and the core that it starts."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from schemas import AssetError
from schemas.settings import CoreSettings
from schemas.step_log import step
from zimage_core.errors import CoreBroke
from zimage_core.listening import bind, bind_in_turn, refuse_open_door
from zimage_core.parent import leave_when_stdin_closes
from zimage_core.supervision import Supervisor

STOPPED = 1
STANDING_BY = "standing_by"
"""The event that a second core logs when it could take over at once."""
BROKE = 75
"""Exit code of a core that should be started again; the engine's watchdog ends a hung one with it too."""


def serve_supervised(command: Sequence[str], settings: CoreSettings) -> int:
    """Bind the address that `settings` name and keep a core alive behind it; return the exit code.

    `command` starts a core when `--listener FD` is added. Raises SettingsInvalid when the address cannot be
    bound or is open without API keys.
    """
    refuse_open_door(settings)
    with bind(settings.host, settings.port) as listener:
        return Supervisor(command, listener).run()


def serve_one(settings: CoreSettings, nano_folder: Path, descriptor: int) -> NoReturn:
    """Be the core of a parent that listens on `descriptor`: serve, then end this process."""
    leave_when_stdin_closes()
    _serve(settings, nano_folder, lambda: socket.socket(fileno=descriptor))


def serve_in_turn(settings: CoreSettings, nano_folder: Path) -> NoReturn:
    """Be the core at the address, or stand by until it is free with all that is slow to import imported.

    For a parent that keeps two of these alive, so that the second takes over when the first dies.
    """
    from zimage_core.server import import_models

    def prepare() -> None:
        import_models()
        step(STANDING_BY)

    def listener() -> socket.socket:
        refuse_open_door(settings)
        return bind_in_turn(settings.host, settings.port, prepare)

    _serve(settings, nano_folder, listener)


def _serve(settings: CoreSettings, nano_folder: Path, listener: Callable[[], socket.socket]) -> NoReturn:
    from zimage_core.server import leave, serve

    try:
        serve(settings, nano_folder, listener=listener())
    except CoreBroke as error:
        leave(BROKE, error.message)
    except AssetError as error:
        leave(STOPPED, error.message)
    leave()
