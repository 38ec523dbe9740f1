import pytest
from hypothesis import given
from hypothesis import strategies as st

from zimage_core.errors import OutOfMemory
from zimage_core.residency import Residency


def holding(budget: int | None, **used: float) -> Residency:
    """Models of 10 bytes each, with their last use; `__` stands for `+`."""
    residency = Residency(budget, idle_s=60.0)
    for name, when in used.items():
        residency.arrive(name.replace("__", "+"), 10, when)
    return residency


def test_without_a_budget_nothing_goes() -> None:
    assert holding(None, turbo=1.0).cleared_for("base", 10**12) == []


def test_the_least_recently_used_goes_first() -> None:
    assert holding(25, turbo=1.0, base=2.0).cleared_for("other", 10) == ["turbo"]
    assert holding(20, turbo=1.0, base=2.0).cleared_for("other", 20) == ["turbo", "base"]
    assert holding(30, turbo=1.0, base=2.0).cleared_for("other", 10) == []


def test_loading_anew_takes_the_place_of_the_old() -> None:
    assert holding(20, turbo=1.0, base=2.0).cleared_for("turbo", 10) == []


def test_a_pinned_model_stays() -> None:
    residency = holding(20, turbo=1.0, base=2.0)
    residency.pinned.add("turbo")
    assert residency.cleared_for("other", 10) == ["base"]
    residency.pinned.add("base")
    with pytest.raises(OutOfMemory, match="other needs"):
        residency.cleared_for("other", 10)


def test_a_variant_goes_with_its_adapters_and_stays_under_one_that_is_needed() -> None:
    residency = holding(30, turbo=1.0, turbo__sketch=1.0, base=2.0)
    assert residency.cleared_for("other", 10) == ["turbo+sketch", "turbo"] or residency.cleared_for(
        "other", 10
    ) == ["turbo+sketch"]
    assert residency.cleared_for("turbo+ink", 10) == ["turbo+sketch"]
    residency.pinned.add("turbo+sketch")
    assert residency.cleared_for("other", 10) == ["base"]


def test_a_use_of_an_adapter_is_a_use_of_its_variant() -> None:
    residency = holding(20, turbo=1.0, base=2.0)
    residency.arrive("turbo+sketch", 0, 1.0)
    residency.touch("turbo+sketch", 3.0)
    assert residency.cleared_for("other", 10) == ["base"]


def test_what_nobody_used_for_long_is_idle() -> None:
    residency = holding(None, turbo=0.0, base=30.0)
    residency.pinned.add("base")
    assert residency.idle(70.0, busy=()) == ["turbo"]
    assert residency.idle(70.0, busy=("turbo",)) == []
    assert residency.idle(50.0, busy=()) == []


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 12)), max_size=30), st.integers(1, 20))
def test_what_is_held_never_exceeds_the_budget(wanted: list[tuple[str, int]], budget: int) -> None:
    residency = Residency(budget)
    for now, (name, size) in enumerate(wanted):
        try:
            gone = residency.cleared_for(name, size)
        except OutOfMemory:
            assert size > budget
            continue
        for other in gone:
            residency.leave(other)
        residency.arrive(name, size, float(now))
        assert sum(held.size for held in residency.held.values()) <= budget
        assert name in residency.held
