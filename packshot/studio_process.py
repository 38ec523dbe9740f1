"""The studio as a process: wires settings, catalog, rules and people together, and serves them."""

import contextlib
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from flows.services import open_records
from schemas import Settings, SettingsInvalid
from schemas.settings import StudioSettings
from studio.accounts import CatalogAccounts
from studio.app import create_app
from studio.desk import Desk
from studio.prefect_calls import nudge_for
from studio.request_log import LOGGING, to_stderr
from studio.sessions import Sessions
from studio.visitors import Door, Doorkeeper
from studio.warming import begin_warming
from zimage_core.judging import default_policy, load_policy
from zimage_core.listening import bind, is_loopback, url_of
from zimage_core.service.protocol import BoundedProtocol

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - to compare with, not to listen on
SHUTDOWN_S = 5
"""Seconds that answers under way get after SIGTERM; a stream of progress is ended then."""

SECRET_BYTES = 32


@dataclass(frozen=True)
class Studio:
    """An application ready to be served, and by which door people come in."""

    app: FastAPI
    door: Door


class StudioServer(uvicorn.Server):
    """A uvicorn server that leaves with exit code 0 when it is told to stop."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at once when told a second time. The signal is not raised again afterwards."""
        del frame
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve_studio(settings: Settings, workspace: Path, announce: Callable[[str, Door], None]) -> None:
    """Serve the studio of `workspace` until SIGTERM or Ctrl-C; `announce` gets its address and door.

    Raises SettingsInvalid when the address cannot be bound, or when strangers could come in.
    """
    with (
        bind(settings.studio.host, settings.studio.port, "studio") as listener,
        opened_studio(settings, workspace) as studio,
    ):
        config = uvicorn.Config(
            studio.app,
            http=BoundedProtocol,
            ws="none",
            access_log=False,
            log_config=LOGGING,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
            lifespan="off",
        )
        announce(url_of(listener), studio.door)
        begin_warming(studio.app)
        StudioServer(config).run(sockets=[listener])


@contextmanager
def opened_studio(settings: Settings, workspace: Path) -> Iterator[Studio]:
    """Open the records of `workspace` and build the application on them; close them at the end.

    Raises SettingsInvalid when strangers could come in.
    """
    with open_records(settings, workspace) as records:
        accounts = CatalogAccounts(records.catalog)
        door = door_of(settings.studio, people=accounts.anybody())
        keeper = Doorkeeper(
            door,
            accounts,
            Sessions(session_secret(settings.studio.secret_file or workspace / "studio-secret")),
            proxies=named(settings.studio.proxies),
            proxy_header=settings.studio.proxy_header,
            proxy_roles=accounts.roles,
        )
        desk = Desk(
            catalog=records.catalog,
            tables=records.tables,
            recipes=records.recipes,
            policy=load_policy(settings.flows.policy) if settings.flows.policy else default_policy(),
            settings=settings,
            exports=records.exports,
            thumbnails=workspace / "thumbnails",
            nudge=nudge_for(settings.studio),
        )
        yield Studio(create_app(desk, keeper, hosts_of(settings.studio), to_stderr), door)


def door_of(settings: StudioSettings, *, people: bool) -> Door:
    """Return how visitors are told apart; `people` says whether somebody has a password.

    Raises SettingsInvalid when others than this machine could come in unasked, or when nobody could.
    """
    wanted = settings.door if settings.door != "auto" else (Door.USERS if people else Door.OPEN)
    match Door(wanted):
        case Door.OPEN:
            reached = [host for host in hosts_of(settings) | {settings.host} if not is_loopback(host)]
            if reached:
                raise SettingsInvalid(
                    f"Others can reach the studio at {min(reached)}: add a user with `packshot users add "
                    "NAME --role admin`, or let a trusted proxy say who it is (PACKSHOT_STUDIO__DOOR=proxy)."
                )
            return Door.OPEN
        case Door.USERS:
            if not people:
                raise SettingsInvalid(
                    "Nobody could come in: add a user with `packshot users add NAME --role admin`."
                )
            return Door.USERS
        case Door.PROXY:
            if not named(settings.proxies):
                raise SettingsInvalid(
                    "A proxy is to say who asks; say in PACKSHOT_STUDIO__PROXIES where it calls from."
                )
            return Door.PROXY


def hosts_of(settings: StudioSettings) -> frozenset[str]:
    """Return the names that the studio answers to."""
    named_hosts = {*LOOPBACK, *named(settings.hosts)}
    if settings.host not in ANYWHERE:
        named_hosts.add(settings.host)
    if settings.url:
        named_hosts.add(urlsplit(settings.url).hostname or "")
    return frozenset(named_hosts - {""})


def named(text: str) -> tuple[str, ...]:
    """Split a setting at its commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def session_secret(path: Path) -> str:
    """Return the secret that sessions are signed with, made at its first use and readable by us alone.

    Raises SettingsInvalid when it is too short to be one.
    """
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
    secret = path.read_text(encoding="utf-8").strip()
    if len(secret) < SECRET_BYTES:
        raise SettingsInvalid(f"{path} holds no secret of {SECRET_BYTES} characters or more; remove it.")
    return secret
