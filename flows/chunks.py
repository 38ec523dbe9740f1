"""A chunk: the shots that one Prefect task has in hand, worked on side by side.

It keeps what is left to do, so a retry of the task goes on with that.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from catalog import CatalogError, Lease, LeaseLost, Wanting
from flows.line import Line, Progress, Stopped, finished, progress_after
from flows.outcomes import Ending, ShotOutcome, Tally
from prompt_rules import PromptError
from schemas import AssetError, Shot
from schemas.request_ids import under_request
from zimage_core.errors import CoreUnavailable, RenderCancelled, ScoringFailed
from zimage_core.renditions.thumbnails import thumbnail

T = TypeVar("T")

THUMB_PX = 96
UNSCORED_DELAY_S = 60.0
"""How long a shot that could not be scored is left alone."""
BROKEN_DELAY_S = 300.0
"""How long a shot that cannot be worked on is left alone, so that somebody may mend its cause."""


@dataclass
class Chunk:
    """Some shots of a run, with what came of them so far."""

    line: Line
    tally: Tally
    leases: Sequence[Lease] = ()
    wanting: Sequence[Wanting] = ()
    """Shots accepted earlier that lack files."""
    thumbs: list[bytes] = field(default_factory=list)
    """Small pictures (WebP) of what was decided, for the contact sheet."""
    _done: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def shots(self) -> list[Shot]:
        """The shots in hand, done or not."""
        return [lease.shot for lease in self.leases] + [one.shot for one in self.wanting]

    def work(self, pool: Executor) -> int:
        """Bring every shot as far as it goes; return how many were decided.

        Raises the first error that stands for more than its own shot, after all of them have ended.
        """
        ids = self.line.services.records.catalog.request_ids([*self._shot_ids()])
        calls = [
            pool.submit(_under, ids.get(lease.shot_id, ""), self._guarded, lease)
            for lease in self.leases
            if lease.shot_id not in self._done
        ]
        calls += [
            pool.submit(_under, ids.get(one.shot.id, ""), self._files, one)
            for one in self.wanting
            if one.shot.id not in self._done
        ]
        errors = [error for call in calls if (error := call.exception())]
        self._release_done()
        if errors:
            raise min(errors, key=_is_retryable)
        return len(self._done)

    def _shot_ids(self) -> Iterator[str]:
        yield from (lease.shot_id for lease in self.leases)
        yield from (one.shot.id for one in self.wanting)

    def give_up(self, error: BaseException) -> None:
        """Hand back what could not be done after all retries."""
        rest = [lease for lease in self.leases if lease.shot_id not in self._done]
        for lease in rest:
            self._tell(lease, Ending.WAITING, gaps=(str(error),))
        if self.line.heart:
            self.line.heart.release([lease.shot_id for lease in rest])

    def _guarded(self, lease: Lease) -> None:
        """Satisfy one shot; what concerns it alone becomes its outcome, anything else is raised."""
        progress = Progress(lease.number)
        try:
            if lease.number:
                progress = progress_after(self.line.services.records.catalog.attempts_of(lease.shot_id))
            self._add(finished(lease.shot, lease.shot_id, progress, self.line), progress.png)
        except LeaseLost:
            self._forget(lease)
            self._tell(lease, Ending.TAKEN, progress)
        except (Stopped, RenderCancelled):
            self._hand_back(lease, Ending.WAITING, progress)
        except ScoringFailed as error:
            self._hand_back(lease, Ending.UNSCORED, progress, error, UNSCORED_DELAY_S)
        except CoreUnavailable as error:
            if not error.context.get("lost"):
                raise
            self._charge(lease, progress, error)
        except (PromptError, CatalogError) as error:
            if error.retryable:
                raise
            self._hand_back(lease, Ending.BROKEN, progress, error, BROKEN_DELAY_S)

    def _files(self, one: Wanting) -> None:
        made, gaps = self.line.bench.make_missing(one)
        self._add(
            ShotOutcome(
                shot_id=one.shot.id,
                sku=one.shot.form.sku,
                shot_type=one.shot.shot_type,
                outcome=Ending.ACCEPTED,
                variant=one.provenance.variant,
                renditions=made,
                gaps=gaps,
            )
        )

    def _charge(self, lease: Lease, progress: Progress, error: AssetError) -> None:
        """The core went away with this shot in hand: it, or one of its neighbours, may be why."""
        heart = self.line.heart
        died = heart is not None and heart.charge(lease.shot_id, "the core was lost while it made this")
        self._tell(lease, Ending.DEAD if died else Ending.WAITING, progress, (error.message,) if died else ())

    def _hand_back(
        self,
        lease: Lease,
        ending: Ending,
        progress: Progress,
        error: AssetError | None = None,
        delay_s: float = 0.0,
    ) -> None:
        if self.line.heart:
            self.line.heart.release([lease.shot_id], delay_s)
        self._tell(lease, ending, progress, (error.message,) if error else ())

    def _forget(self, lease: Lease) -> None:
        if self.line.heart:
            self.line.heart.forget([lease.shot_id])

    def _tell(
        self,
        lease: Lease,
        ending: Ending,
        progress: Progress | None = None,
        gaps: tuple[str, ...] = (),
    ) -> None:
        progress = progress or Progress(lease.number)
        self._add(
            ShotOutcome(
                shot_id=lease.shot_id,
                sku=lease.shot.form.sku,
                shot_type=lease.shot.shot_type,
                outcome=ending,
                variant=progress.made[-1].variant if progress.made else None,
                attempts=len(progress.made),
                device_seconds=progress.device_seconds,
                gaps=gaps,
            )
        )

    def _add(self, outcome: ShotOutcome, png: bytes | None = None) -> None:
        small = thumbnail(png, THUMB_PX) if png else None
        with self._lock:
            self._done.add(outcome.shot_id)
            if small:
                self.thumbs.append(small)
        self.tally.add(outcome)
        self.line.services.tell(outcome)

    def _release_done(self) -> None:
        if self.line.heart:
            self.line.heart.release([lease.shot_id for lease in self.leases if lease.shot_id in self._done])


def _under(request_id: str, work: Callable[[T], None], one: T) -> None:
    with under_request(request_id):
        work(one)


def _is_retryable(error: BaseException) -> bool:
    return isinstance(error, AssetError) and error.retryable
