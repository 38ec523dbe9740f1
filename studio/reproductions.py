"""Asking the core for a job that was done before, to see whether the same bytes come out."""

import time
from typing import Protocol

from catalog import NotRegistered, ShotStory
from schemas import Attempt, Provenance, RenderJob, RenderResult, Schema, Settings, sha256_hex
from studio.errors import StudioError
from zimage_core.client import client_of


class CoreMissing(StudioError):
    """No core is set up for the studio: set PACKSHOT_CORE__URL to its address."""

    status = 503


class NothingToReproduce(StudioError):
    """This attempt made no picture, so there is nothing to compare another one with."""

    status = 409


class Reproduction(Schema):
    """What came of the same job again.

    `same`: whether the bytes are the same. `differing` names what is not as it was when the picture was made:
    `weights`, `device`, or a library by its name; with none of it the core ought to give the same bytes.
    """

    number: int
    same: bool
    picture: str
    stored: str
    differing: tuple[str, ...]
    seconds: float


class Core(Protocol):
    """Renders jobs."""

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture of `job`, or raise why there is none."""


def reproduce_on(settings: Settings, story: ShotStory, number: int) -> Reproduction:
    """Reproduce on the core that the settings name; raises as `reproduce` does, and CoreMissing."""
    if settings.core.url is None:
        raise CoreMissing
    with client_of(settings, settings.core.url) as core:
        return reproduce(core, story, number)


def reproduce(core: Core, story: ShotStory, number: int) -> Reproduction:
    """Have an attempt's job done again and compare; nothing is recorded.

    Raises NotRegistered for an attempt that was never made, NothingToReproduce for one without a picture, and
    whatever the core refuses a job for.
    """
    attempt = attempt_of(story, number)
    if attempt.picture is None or attempt.provenance is None:
        raise NothingToReproduce
    started = time.monotonic()
    result = core.render(attempt.job)
    got = sha256_hex(result.png)
    return Reproduction(
        number=number,
        same=got == attempt.picture,
        picture=got,
        stored=attempt.picture,
        differing=differing(attempt.provenance, result.provenance),
        seconds=round(time.monotonic() - started, 3),
    )


def attempt_of(story: ShotStory, number: int) -> Attempt:
    """Return a shot's attempt by its number; raises NotRegistered."""
    for attempt in story.attempts:
        if attempt.number == number:
            return attempt
    raise NotRegistered(f"The shot {story.shot_id} has no attempt {number}.", shot=story.shot_id)


def differing(then: Provenance, now: Provenance) -> tuple[str, ...]:
    """Name what is not as it was: weights, device, and each library whose version changed."""
    found = [name for name in ("weights", "device") if getattr(then, name) != getattr(now, name)]
    libraries = sorted(then.versions.keys() | now.versions.keys())
    return (*found, *(name for name in libraries if then.versions.get(name) != now.versions.get(name)))
