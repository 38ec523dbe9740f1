"""Group commit: many record at once, each gets its own answer, and a database that is away is waited for."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import CatalogUnavailable, LeaseLost
from flows.commits import MOST_AT_ONCE, GroupCommit
from flows.patience import patiently


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 200), st.integers(1, 32))
def test_everything_is_written_once_and_answered_to_whoever_asked(count: int, threads: int) -> None:
    written: list[int] = []

    def write(many: Sequence[int]) -> list[int | Exception]:
        assert len(many) <= MOST_AT_ONCE
        written.extend(many)
        return [LeaseLost() if one % 7 == 3 else one * 2 for one in many]

    commit = GroupCommit(write)

    def record(one: int) -> int | str:
        try:
            return commit(one)
        except LeaseLost:
            return "lost"

    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(record, range(count)))
    assert sorted(written) == list(range(count))
    assert answers == ["lost" if one % 7 == 3 else one * 2 for one in range(count)]


def test_records_gather_while_one_is_written() -> None:
    sizes: list[int] = []
    entered, go_on = threading.Event(), threading.Event()

    def write(many: Sequence[int]) -> list[int | Exception]:
        sizes.append(len(many))
        entered.set()
        go_on.wait(10)
        return list(many)

    commit = GroupCommit(write)
    with ThreadPoolExecutor(9) as pool:
        calls = [pool.submit(commit, 0)]
        assert entered.wait(10)
        calls += [pool.submit(commit, number) for number in range(1, 9)]
        while len(commit._pending) < 8:
            pass
        go_on.set()
        assert sorted(call.result() for call in calls) == list(range(9))
    assert sizes == [1, 8]


def test_a_whole_batch_is_told_when_it_cannot_be_written() -> None:
    def write(many: Sequence[int]) -> list[int | Exception]:
        raise ValueError(len(many))

    with pytest.raises(ValueError, match="1"):
        GroupCommit(write)(1)


def test_a_database_that_comes_back_is_waited_for() -> None:
    away = 3

    def call() -> str:
        nonlocal away
        if away:
            away -= 1
            raise CatalogUnavailable
        return "written"

    assert patiently(call, waits_s=(0.0, 0.0, 0.0)) == "written"


def test_patience_ends_and_is_not_wasted_on_what_cannot_succeed() -> None:
    calls = []

    def call() -> None:
        calls.append(1)
        raise CatalogUnavailable if len(calls) < 10 else LeaseLost

    with pytest.raises(CatalogUnavailable):
        patiently(call, waits_s=(0.0, 0.0))
    assert len(calls) == 3
    calls.extend([1] * 10)
    with pytest.raises(LeaseLost):
        patiently(call, waits_s=(0.0, 0.0))
    assert len(calls) == 14
