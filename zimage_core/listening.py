"""The address that a core listens on: bound before anything is loaded, and not open to strangers."""

import errno
import ipaddress
import socket
import time
from collections.abc import Callable

from schemas import SettingsInvalid
from schemas.settings import CoreSettings

BACKLOG = 2048
TURN_POLL_S = 0.1


def bind(host: str, port: int, who: str = "core") -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises SettingsInvalid naming the address and `who` wanted it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsInvalid(
            f"The {who} cannot listen on {host}:{port}: {error.strerror}; choose another port."
        ) from error


def bind_in_turn(host: str, port: int, prepare: Callable[[], None]) -> socket.socket:
    """Return a listening socket as soon as nobody else listens at the address.

    While somebody does, `prepare` is called, once, and then the address is tried every 0.1 s without end.
    Raises SettingsInvalid for an address that can never be bound.
    """
    prepared = False
    while True:
        try:
            return bind(host, port)
        except SettingsInvalid as error:
            reason = error.__cause__
            if not isinstance(reason, OSError) or reason.errno != errno.EADDRINUSE:
                raise
        if not prepared:
            prepare()
            prepared = True
        time.sleep(TURN_POLL_S)


def url_of(listener: socket.socket) -> str:
    """Return the address of a listening socket as a client writes it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Report whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_open_door(settings: CoreSettings) -> None:
    """Raise SettingsInvalid when others could reach the core and no API keys are set."""
    if settings.keys is None and not is_loopback(settings.host):
        raise SettingsInvalid(
            f"Others can reach {settings.host}: set PACKSHOT_CORE__KEYS to a file of API keys "
            "(`packshot core key` makes one), or listen on 127.0.0.1."
        )
