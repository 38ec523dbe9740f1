"""How the core and Prefect stand, as far as the studio can see; asking never raises."""

from enum import StrEnum
from typing import Any

import httpx

from schemas import AssetError, Schema, Settings
from zimage_core.client import client_of

TIMEOUT_S = 2.0


class Reach(StrEnum):
    """Whether somebody answers."""

    UNSET = "unset"  #: no address is set
    AWAY = "away"  #: nobody answers at the address
    ANSWERS = "answers"


class CoreState(Schema):
    """How the core stands; everything but `reach` is empty unless it answers."""

    reach: Reach
    state: str = ""
    device: str = ""
    waiting: int = 0
    running: int = 0
    models: tuple[str, ...] = ()
    trouble: str = ""


class PrefectState(Schema):
    """Whether Prefect answers, and where its pages are."""

    reach: Reach
    pages: str = ""


def core_state(settings: Settings) -> CoreState:
    """Ask the core that the settings name."""
    if settings.core.url is None:
        return CoreState(reach=Reach.UNSET)
    try:
        with client_of(settings, settings.core.url) as core:
            told = core.health()
    except AssetError as error:
        return CoreState(reach=Reach.AWAY, trouble=error.message)
    return core_told(told)


def core_told(told: dict[str, Any]) -> CoreState:
    """Take from what a core says of itself what people want to know."""
    residents = told.get("residents") or []
    trouble = told.get("trouble") or told.get("last_error") or ""
    return CoreState(
        reach=Reach.ANSWERS,
        state=str(told.get("state", "")),
        device=str(told.get("device", "")),
        waiting=int(told.get("waiting", 0)),
        running=int(told.get("running", 0)),
        models=tuple(str(one["name"]) for one in residents if one.get("state") == "resident"),
        trouble="; ".join(map(str, trouble)) if isinstance(trouble, list) else str(trouble),
    )


def prefect_state(settings: Settings, transport: httpx.BaseTransport | None = None) -> PrefectState:
    """Ask Prefect's API whether it is well; its health needs no password."""
    address = settings.studio.prefect_url
    if address is None:
        return PrefectState(reach=Reach.UNSET)
    api = address.rstrip("/")
    pages = settings.studio.prefect_pages or api.removesuffix("/api")
    try:
        with httpx.Client(timeout=TIMEOUT_S, transport=transport, trust_env=False) as client:
            answer = client.get(f"{api}/health")
    except httpx.HTTPError:
        return PrefectState(reach=Reach.AWAY, pages=pages)
    # A password that is asked for is an answer, too: somebody is there.
    reach = Reach.AWAY if answer.is_server_error else Reach.ANSWERS
    return PrefectState(reach=reach, pages=pages)
