"""Group commit: many threads record at once, and whoever comes first writes for all who wait.

A transaction costs an fsync however much it holds, so records gather while one is being written; nobody waits
for company, and nobody is told "recorded" before it is durable.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from catalog import Catalog, Made
from flows.patience import patiently
from schemas import AssetError, Attempt, Rendition

T = TypeVar("T")
R = TypeVar("R")

MOST_AT_ONCE = 64
"""Records in one transaction; more would hold the only writer of SQLite for too long."""


@dataclass
class _Entry(Generic[T, R]):
    item: T
    answer: "R | Exception | None" = None


class GroupCommit(Generic[T, R]):
    """Turns single records into batches; safe to call from any number of threads."""

    def __init__(self, write: Callable[[Sequence[T]], Sequence["R | Exception"]]) -> None:
        """`write` records a batch and answers for each item, in order; what it raises, all of them raise."""
        self._write = write
        self._pending: deque[_Entry[T, R]] = deque()
        self._writing = threading.Lock()

    def __call__(self, item: T) -> R:
        """Record `item` and return its answer once it is durable; raises what is answered for it."""
        entry: _Entry[T, R] = _Entry(item)
        self._pending.append(entry)
        while entry.answer is None:
            with self._writing:
                if entry.answer is None:
                    self._write_batch()
        if isinstance(entry.answer, Exception):
            raise entry.answer
        return entry.answer

    def _write_batch(self) -> None:
        batch = [self._pending.popleft() for _ in range(min(MOST_AT_ONCE, len(self._pending)))]
        try:
            answers = patiently(lambda: self._write([entry.item for entry in batch]))
        except Exception as error:  # noqa: BLE001 - each of them raises it in its own thread
            answers = [error] * len(batch)
        for entry, answer in zip(batch, answers, strict=True):
            entry.answer = answer


def attempt_commits(catalog: Catalog) -> GroupCommit[Made, Attempt]:
    """Return a recorder of attempts; it raises what the catalog refuses one for, such as LeaseLost."""

    def write(many: Sequence[Made]) -> list[Attempt | Exception]:
        recorded = catalog.record_attempts(many)
        answers: dict[str, Attempt | Exception] = {attempt.id: attempt for attempt in recorded.attempts}
        answers.update({refusal.attempt_id: refusal.error for refusal in recorded.refused})
        return [answers[made.attempt.id] for made in many]

    return GroupCommit(write)


def rendition_commits(catalog: Catalog) -> GroupCommit[Sequence[Rendition], int]:
    """Return a recorder of the renditions of one shot; it answers how many there were."""

    def write(many: Sequence[Sequence[Rendition]]) -> list[int | Exception]:
        try:
            catalog.record_renditions([rendition for made in many for rendition in made])
        except AssetError as error:
            if error.retryable or len(many) == 1:
                raise
            # All or none: one shot whose master is another by now must not take its neighbours along.
            return [_alone(made) for made in many]
        return [len(made) for made in many]

    def _alone(made: Sequence[Rendition]) -> int | Exception:
        try:
            catalog.record_renditions(made)
        except AssetError as error:
            return error
        return len(made)

    return GroupCommit(write)
