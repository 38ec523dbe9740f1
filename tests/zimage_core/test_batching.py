from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from schemas import Variant
from zimage_core.batching import PATIENCE_STEPS, ShapeKey, Widths, compose


def a_key(text: int = 32, variant: Variant = Variant.TURBO, negative: int = 0) -> ShapeKey:
    return ShapeKey(variant, 128, 128, text, negative, "fp32")


@dataclass(frozen=True)
class Waiting:
    key: ShapeKey
    rank: tuple[int, int]


def test_a_key_reads_as_one_word() -> None:
    assert str(a_key()) == "turbo-128x128-t32-fp32"
    assert str(a_key(64, Variant.BASE, negative=32)) == "base-128x128-t64n32-fp32"


def test_nobody_waiting_makes_no_batch() -> None:
    assert compose([], Widths(4)) == []


def test_the_first_in_rank_decides_the_key() -> None:
    late_but_urgent = Waiting(a_key(64), (-5, 9))
    early = Waiting(a_key(32), (0, 1))
    assert compose([early, late_but_urgent], Widths(4)) == [late_but_urgent]


@given(
    st.lists(st.tuples(st.sampled_from([32, 64, 96]), st.integers(-3, 3)), max_size=30),
    st.integers(1, 8),
)
def test_a_batch_shares_one_key_fits_the_width_and_skips_nobody(
    entries: list[tuple[int, int]], width: int
) -> None:
    waiting = [Waiting(a_key(text), (-priority, n)) for n, (text, priority) in enumerate(entries)]
    batch = compose(waiting, Widths(width))
    assert len(batch) == min(width, len([one for one in waiting if batch and one.key == batch[0].key]))
    assert len({one.key for one in batch}) <= 1
    left = [one for one in waiting if one not in batch and batch and one.key == batch[0].key]
    assert all(taken.rank < other.rank for taken in batch for other in left)
    assert not batch or batch[0] == min(waiting, key=lambda one: one.rank)


def test_widths_halve_per_key_down_to_one() -> None:
    widths = Widths(6)
    for expected in (3, 1, 1):
        widths.halve(a_key())
        assert widths.width(a_key()) == expected
    assert widths.width(a_key(64)) == 6


def test_a_halved_width_grows_back_slowly_and_more_slowly_each_time() -> None:
    widths = Widths(4)
    widths.halve(a_key())
    assert steps_until_grown(widths) == PATIENCE_STEPS
    widths.halve(a_key())
    assert steps_until_grown(widths) == 2 * PATIENCE_STEPS


def steps_until_grown(widths: Widths) -> int:
    narrow, steps = widths.width(a_key()), 0
    while widths.width(a_key()) == narrow:
        widths.succeed(a_key())
        steps += 1
    return steps
