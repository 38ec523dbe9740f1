"""From the decoder's values to a RenderResult, off the device's thread: guard, score, encode, sign.

Pictures wait here at most `limit` at a time; while it is full the engine decodes no more, so a slow scorer
holds the device back instead of filling memory.
"""

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from schemas import AssetError, Claim, RenderResult, Scores
from zimage_core.encoding import EncodedAs, encoded
from zimage_core.errors import CoreBusy, CoreUnavailable, DegeneratePicture, RenderError, ScoringFailed
from zimage_core.ports import CompanyScorer, Picture, Scorer, Values
from zimage_core.tickets import Ticket

TOGETHER = 8
"""Pictures that are scored in one go at most."""

Deliver = Callable[[Ticket, "RenderResult | AssetError"], None]
Signed = Callable[[Ticket, bytes, Scores], RenderResult]


@dataclass(order=True)
class _Task:
    """One picture to finish, or only to score when there is no ticket; the most urgent comes first."""

    rank: tuple[int, int]
    values: Values | Picture = field(compare=False)
    claims: tuple[Claim, ...] = field(compare=False)
    ticket: Ticket | None = field(compare=False, default=None)
    scores: "Future[Scores]" = field(compare=False, default_factory=Future)


class Finishing:
    """Finishes pictures in threads of its own, or at once in the caller's when it has none."""

    def __init__(
        self,
        scorer: Scorer,
        *,
        signed: Signed,
        deliver: Deliver,
        released: Callable[[], None] = lambda: None,
        workers: int = 0,
        limit: int = 8,
        encode: EncodedAs = EncodedAs.PNG,
    ) -> None:
        """Hold `limit` pictures.

        `deliver` gets each ticket's result or error, from any thread; `released` is called when there may be
        room again.
        """
        self.scorer = scorer
        self.limit = limit
        self._signed = signed
        self._deliver = deliver
        self._released = released
        self._encode = encode
        self._tasks: list[_Task] = []
        self._held = 0
        self._asked = 0
        self._closed = False
        self._changed = threading.Condition()
        self._scoring = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"finisher-{n}", daemon=True) for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def has_room(self) -> bool:
        """Whether one more picture may be handed over."""
        return self._held < self.limit

    def take(self, ticket: Ticket, values: Values) -> None:
        """Finish a ticket's picture and deliver it."""
        self._add(_Task((-ticket.priority, ticket.number), values, ticket.job.claims, ticket))

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> "Future[Scores]":
        """Measure any picture, behind those of jobs; raises CoreBusy when too many wait."""
        with self._changed:
            if self._held >= 2 * self.limit:
                raise CoreBusy("Too many pictures wait to be scored; ask again later.", retry_after_s=1)
            self._asked += 1
            task = _Task((1 << 30, self._asked), picture, claims)
        self._add(task)
        return task.scores

    def close(self) -> None:
        """End the threads once they have finished what they hold."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def _add(self, task: _Task) -> None:
        with self._changed:
            if self._closed:
                raise CoreUnavailable("The core is stopping; send the job again.", retry_after_s=1)
            self._held += 1
            if self._threads:
                heapq.heappush(self._tasks, task)
                self._changed.notify_all()
                return
        self._finish([task])

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._tasks))
                if not self._tasks:
                    return
                share = -(-len(self._tasks) // len(self._threads))
                tasks = [heapq.heappop(self._tasks) for _ in range(min(share, TOGETHER))]
            self._finish(tasks)

    def _finish(self, tasks: Sequence[_Task]) -> None:
        try:
            sound = [(task, picture) for task in tasks if (picture := self._picture(task)) is not None]
            began = time.monotonic()
            scored = self._scores(sound)
            for task, _ in sound:
                if task.ticket is not None:
                    task.ticket.score_seconds = time.monotonic() - began
            for (task, picture), scores in zip(sound, scored, strict=True):
                self._answer(task, picture, scores)
        finally:
            with self._changed:
                self._held -= len(tasks)
            self._released()

    def _picture(self, task: _Task) -> Picture | None:
        """Return a task's picture; answer it and return None when that is none."""
        if task.ticket is None:
            return task.values  # type: ignore[return-value]  # a task without a ticket holds a finished picture
        try:
            return picture_of(task.values)  # type: ignore[arg-type]  # a ticket's task holds decoded values
        except AssetError as error:
            self._deliver(task.ticket, error)
            return None

    def _scores(self, sound: Sequence[tuple[_Task, Picture]]) -> list[Scores | AssetError]:
        """Score pictures together; each alone when that fails, so that one cannot spoil the others."""
        pictures, claims = [picture for _, picture in sound], [task.claims for task, _ in sound]
        with self._scoring:
            if len(sound) > 1 and isinstance(self.scorer, CompanyScorer):
                try:
                    return list(self.scorer.score_many(pictures, claims))
                except Exception:  # noqa: BLE001, S110 - each is asked for again alone, where its own error is told
                    pass
            return [self._score(picture, asked) for picture, asked in zip(pictures, claims, strict=True)]

    def _score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores | AssetError:
        try:
            return self.scorer.score(picture, claims)
        except AssetError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a scorer raises is this picture's error alone
            failure = ScoringFailed(cause=f"{type(error).__name__}: {error}")
            failure.__cause__ = error
            return failure

    def _answer(self, task: _Task, picture: Picture, scores: Scores | AssetError) -> None:
        if task.ticket is None:
            if isinstance(scores, AssetError):
                task.scores.set_exception(scores)
            else:
                task.scores.set_result(scores)
        else:
            self._deliver(task.ticket, self._result(task.ticket, picture, scores))

    def _result(
        self, ticket: Ticket, picture: Picture, scores: Scores | AssetError
    ) -> RenderResult | AssetError:
        if isinstance(scores, AssetError):
            return scores
        try:
            return self._signed(ticket, encoded(picture, self._encode), scores)
        except Exception as error:  # noqa: BLE001 - one picture's trouble must not end the thread
            return RenderError(f"The picture could not be encoded: {type(error).__name__}: {error}")


def picture_of(values: Values) -> Picture:
    """Clip and round decoded values to 8 bits as diffusers does; raise DegeneratePicture for no picture.

    The test for finite values comes first: a cast would turn NaN into pure black without a word.
    """
    if not np.isfinite(values).all():
        raise DegeneratePicture("The model produced values that are not numbers; try again.")
    picture: Picture = (np.clip(values, 0.0, 1.0) * np.float32(255)).round().astype(np.uint8)
    if (picture == picture[0, 0]).all():
        colour = "#" + bytes(picture[0, 0]).hex()
        raise DegeneratePicture(f"The picture is all one colour, {colour}.", colour=colour)
    return picture
