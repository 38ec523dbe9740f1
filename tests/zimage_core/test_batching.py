from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Variant
from zimage_core.batching import PATIENCE_STEPS, Batching, ShapeKey, Widths, compose


def a_key(text: int = 32, variant: Variant = Variant.TURBO, negative: int = 0) -> ShapeKey:
    return ShapeKey(variant, 128, 128, text, negative, "fp32")


@dataclass(frozen=True)
class Waiting:
    key: ShapeKey
    number: int
    priority: int = 0


def widths_of(full: int, *proven: int, mode: Batching = Batching.PROVEN) -> Widths:
    widths = Widths(full, mode)
    for text in (32, 64, 96):
        widths.learn(a_key(text), full, proven or range(1, full + 1))
    return widths


def test_a_key_reads_as_one_word() -> None:
    assert str(a_key()) == "turbo-128x128-t32-fp32"
    assert str(a_key(64, Variant.BASE, negative=32)) == "base-128x128-t64n32-fp32"
    with_adapter = ShapeKey(Variant.TURBO, 64, 64, 32, 0, "fp32", "sketch")
    assert (str(with_adapter), with_adapter.model) == ("turbo+sketch-64x64-t32-fp32", "turbo+sketch")


def test_nobody_waiting_makes_no_batch() -> None:
    assert compose([], Widths(4)) == []


def test_a_shape_that_was_not_met_has_passes_of_one_row() -> None:
    assert len(compose([Waiting(a_key(), n) for n in range(3)], Widths(4))) == 1


@given(
    st.lists(st.tuples(st.sampled_from([32, 64, 96]), st.integers(-3, 3)), max_size=30),
    st.integers(1, 8),
    st.sets(st.integers(2, 8)),
    st.sampled_from(list(Batching)),
)
def test_a_batch_shares_one_key_fits_the_width_and_keeps_the_order(
    entries: list[tuple[int, int]], full: int, proven: set[int], mode: Batching
) -> None:
    waiting = [Waiting(a_key(text), number, priority) for number, (text, priority) in enumerate(entries)]
    ordered = sorted(waiting, key=lambda one: (-one.priority, one.number))
    widths = widths_of(full, 1, *proven, mode=mode)
    batch = compose(ordered, widths)
    assert bool(batch) == bool(waiting)
    assert len({one.key for one in batch}) <= 1
    assert len(batch) <= full
    assert batch == [one for one in ordered if batch and one.key == batch[0].key][: len(batch)]
    if batch and mode is Batching.PROVEN:
        assert widths.computed(batch[0].key, len(batch)) in proven | {1}


def test_only_proven_widths_are_used_and_never_a_dummy_row() -> None:
    widths = widths_of(8, 1, 4)
    assert [widths.taken(a_key(), waiting) for waiting in range(1, 9)] == [1, 1, 1, 4, 4, 4, 4, 4]
    assert widths.computed(a_key(), 1) == 1


def test_a_fixed_width_is_filled_with_dummy_rows() -> None:
    widths = widths_of(4, mode=Batching.FIXED)
    assert (widths.taken(a_key(), 2), widths.computed(a_key(), 2)) == (2, 4)


@pytest.mark.parametrize("mode", list(Batching))
def test_what_did_not_fit_is_halved_per_key_down_to_one(mode: Batching) -> None:
    widths = widths_of(6, mode=mode)
    for tried, expected in ((6, 3), (3, 1), (1, 1)):
        assert widths.limit(a_key()) == tried
        widths.halve(a_key(), tried)
        assert widths.limit(a_key()) == expected
    assert widths.limit(a_key(64)) == 6


def test_halving_goes_to_a_proven_width() -> None:
    widths = widths_of(8, 1, 3, 8)
    widths.halve(a_key(), 8)
    assert widths.limit(a_key()) == 3


def test_a_halved_width_grows_back_slowly_and_more_slowly_each_time() -> None:
    widths = widths_of(4)
    widths.halve(a_key(), 4)
    assert steps_until_grown(widths) == PATIENCE_STEPS
    widths.halve(a_key(), 4)
    assert steps_until_grown(widths) == 2 * PATIENCE_STEPS


def steps_until_grown(widths: Widths) -> int:
    narrow, steps = widths.limit(a_key()), 0
    while widths.limit(a_key()) == narrow:
        widths.succeed(a_key(), narrow, 1.0)
        steps += 1
    return steps


def test_memory_bounds_the_width_from_the_start() -> None:
    widths = Widths(8, Batching.THROUGHPUT)
    widths.learn(a_key(), 3)
    assert widths.limit(a_key()) == 3


@pytest.mark.parametrize(("wide_pass_s", "riders"), [(1.2, 3), (1.3, 0)])
def test_less_urgent_jobs_ride_along_only_where_that_hardly_slows_the_pass(
    wide_pass_s: float, riders: int
) -> None:
    widths = widths_of(4)
    widths.succeed(a_key(), 1, 1.0)
    widths.succeed(a_key(), 4, wide_pass_s)
    ordered = [Waiting(a_key(), 9, priority=5), *(Waiting(a_key(), n) for n in range(4))]
    assert len(compose(ordered, widths, lambda one: one.priority == 5)) == 1 + riders
