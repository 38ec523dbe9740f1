import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from schemas import AssetError, Claim, RenderResult, Scores
from tests.factories import a_job, a_provenance
from zimage_core.backends.fake import FakeBackend, FakeScorer, draw
from zimage_core.errors import CoreBusy, DegeneratePicture, ScoringFailed
from zimage_core.finishing import Finishing
from zimage_core.ports import Picture
from zimage_core.tickets import Ticket


class Desk:
    """Takes what is delivered."""

    def __init__(self) -> None:
        self.outcomes: dict[int, RenderResult | AssetError] = {}
        self.order: list[int] = []
        self.changed = threading.Condition()

    def deliver(self, ticket: Ticket, outcome: RenderResult | AssetError) -> None:
        with self.changed:
            self.outcomes[ticket.number] = outcome
            self.order.append(ticket.number)
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.outcomes) >= count, 10)


def signed(ticket: Ticket, png: bytes, scores: Scores) -> RenderResult:
    return RenderResult(job_id=ticket.id, png=png, scores=scores, provenance=a_provenance(ticket.job))


def finishing(desk: Desk, scorer: Any = None, **options: Any) -> Finishing:
    return Finishing(scorer or FakeScorer(), signed=signed, deliver=desk.deliver, **options)


def a_ticket(number: int, priority: int = 0) -> Ticket:
    job = a_job(number)
    return Ticket(job, job.id, FakeBackend().shape(job), number, priority, float("inf"))


def values(number: int) -> Any:
    return draw(str(number), 32, 32)


class GatedScorer(FakeScorer):
    """Scores once it may, and remembers how many pictures came at a time; claims of a broken one cannot be."""

    def __init__(self, broken: Sequence[Claim] = ()) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.together: list[int] = []
        self.broken = broken

    def score_many(self, pictures: Sequence[Picture], claims: Sequence[tuple[Claim, ...]]) -> list[Scores]:
        self.together.append(len(pictures))
        return super().score_many(pictures, claims)

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        self.entered.set()
        self.gate.wait(10)
        if picture[0, 0, 0] == 0:
            raise ValueError("a black corner")
        return super().score(picture, claims)


def test_without_threads_a_picture_is_finished_at_once() -> None:
    desk = Desk()
    finishing(desk).take(a_ticket(1), values(1))
    assert isinstance(desk.outcomes[1], RenderResult)


def test_pictures_that_wait_are_scored_together_the_most_urgent_first() -> None:
    desk, scorer = Desk(), GatedScorer()
    pool = finishing(desk, scorer, workers=1)
    pool.take(a_ticket(1), values(1))
    assert scorer.entered.wait(10)
    for number, priority in ((2, 0), (3, 9), (4, 0)):
        pool.take(a_ticket(number, priority), values(number))
    scorer.gate.set()
    desk.wait_for(4)
    assert desk.order == [1, 3, 2, 4]
    assert scorer.together == [3]
    pool.close()


def test_a_full_pool_says_so_and_has_room_again() -> None:
    desk, scorer, released = Desk(), GatedScorer(), threading.Event()
    pool = finishing(desk, scorer, workers=1, limit=2, released=released.set)
    for number in (1, 2):
        assert pool.has_room
        pool.take(a_ticket(number), values(number))
    assert not pool.has_room
    scorer.gate.set()
    desk.wait_for(2)
    pool.close()
    assert released.wait(10)
    assert pool.has_room


def test_pictures_from_outside_are_refused_when_too_many_wait() -> None:
    desk, scorer = Desk(), GatedScorer()
    pool = finishing(desk, scorer, workers=1, limit=1)
    picture = np.full((16, 16, 3), 9, np.uint8)
    asked = [pool.score(picture, ()) for _ in range(2)]
    with pytest.raises(CoreBusy):
        pool.score(picture, ())
    scorer.gate.set()
    assert all(future.result(10).p_accept == 0.97 for future in asked)
    pool.close()


def test_one_picture_that_cannot_be_scored_does_not_spoil_the_others() -> None:
    desk, scorer = Desk(), GatedScorer()
    pool = finishing(desk, scorer, workers=1)
    pool.take(a_ticket(1), values(1))
    assert scorer.entered.wait(10)
    black = values(2)
    black[0, 0] = 0.0
    for number, picture in ((2, black), (3, values(3)), (4, np.full((32, 32, 3), np.nan, np.float32))):
        pool.take(a_ticket(number), picture)
    scorer.gate.set()
    desk.wait_for(4)
    pool.close()
    kinds = {number: type(outcome) for number, outcome in desk.outcomes.items()}
    assert kinds == {1: RenderResult, 2: ScoringFailed, 3: RenderResult, 4: DegeneratePicture}


def test_what_is_held_is_finished_before_the_threads_end() -> None:
    desk = Desk()
    pool = finishing(desk, workers=2)
    for number in range(6):
        pool.take(a_ticket(number), values(number))
    pool.close()
    assert len(desk.outcomes) == 6


def test_a_picture_that_cannot_be_signed_is_an_error_and_the_thread_lives() -> None:
    def unsigned(ticket: Ticket, png: bytes, scores: Scores) -> RenderResult:
        if ticket.number == 1:
            raise KeyError("weights")
        return signed(ticket, png, scores)

    desk = Desk()
    pool = Finishing(FakeScorer(), signed=unsigned, deliver=desk.deliver, workers=1)
    pool.take(a_ticket(1), values(1))
    pool.take(a_ticket(2), values(2))
    desk.wait_for(2)
    pool.close()
    assert isinstance(desk.outcomes[1], AssetError)
    assert isinstance(desk.outcomes[2], RenderResult)
