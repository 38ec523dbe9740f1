"""Costly numbers are added up once for all, behind the visitors' backs, and never shown too old."""

import threading

import pytest

from schemas import AssetError
from studio.snapshots import Snapshot


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """Answers with how often it was asked; may be told to fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.answered = threading.Event()

    def __call__(self) -> int:
        self.asked += 1
        self.answered.set()
        if self.fails:
            raise AssetError("The catalog is away.")
        return self.asked


def snapshot() -> tuple[Snapshot[int], Counted, Clock]:
    asked, clock = Counted(), Clock()
    return Snapshot(asked, renew_s=10, discard_s=100, clock=clock), asked, clock


def wait_for_renewal(kept: Snapshot[int], asked: Counted) -> None:
    asked.answered.clear()
    kept.read()
    assert asked.answered.wait(5)
    for thread in threading.enumerate():
        if thread.daemon and thread.name.endswith("(_renew)"):
            thread.join(5)


def test_one_answer_serves_all_while_it_is_young() -> None:
    kept, asked, clock = snapshot()
    assert kept.read() == kept.read() == 1
    clock.now = 9.9
    assert kept.read() == 1
    assert asked.asked == 1


def test_an_older_answer_is_shown_while_it_is_renewed() -> None:
    kept, asked, clock = snapshot()
    kept.read()
    clock.now = 10
    wait_for_renewal(kept, asked)
    assert kept.read() == 2


def test_an_answer_that_is_too_old_is_not_shown() -> None:
    kept, _, clock = snapshot()
    kept.read()
    clock.now = 100
    assert kept.read() == 2


def test_a_renewal_that_fails_leaves_the_old_answer() -> None:
    kept, asked, clock = snapshot()
    kept.read()
    asked.fails = True
    clock.now = 10
    wait_for_renewal(kept, asked)
    assert kept.read() == 1
    clock.now = 100
    with pytest.raises(AssetError, match="away"):
        kept.read()


def test_what_is_forgotten_is_asked_anew() -> None:
    kept, _, _ = snapshot()
    kept.read()
    kept.forget()
    assert kept.read() == 2
