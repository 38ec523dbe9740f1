"""When people's verdicts stop a campaign, and when Base makes too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.quality_rules import above_aql, fallback_doubled
from schemas.sampling_tables import sampling_tables

TABLES = sampling_tables()


@pytest.mark.parametrize(
    ("looked_at", "rejected", "stops"),
    [
        (0, 0, False),
        (1, 1, False),  # one picture stops nothing
        (2, 2, True),
        (20, 1, False),
        (20, 2, True),
        (21, 2, False),  # the next larger plan, of 32, refuses from 3 on
        (32, 3, True),
        (80, 5, False),
        (80, 6, True),
        (500, 21, False),
        (500, 22, True),
        (1000, 43, False),
        (1000, 44, True),
    ],
)
def test_as_the_standards_table_has_it(looked_at: int, rejected: int, *, stops: bool) -> None:
    assert above_aql(looked_at, rejected, TABLES) is stops


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_more_rejected_never_lets_a_campaign_go_on(looked_at: int, rejected: int) -> None:
    if above_aql(looked_at, rejected, TABLES):
        assert above_aql(looked_at, rejected + 1, TABLES)


@pytest.mark.parametrize(
    ("now", "before", "doubled"),
    [
        ((100, 21), (100, 10), True),
        ((100, 20), (100, 10), False),
        ((49, 49), (100, 1), False),  # too few to say
        ((100, 50), (49, 0), False),
        ((100, 1), (100, 0), True),
    ],
)
def test_bases_share_is_held_against_the_day_before(
    now: tuple[int, int], before: tuple[int, int], *, doubled: bool
) -> None:
    assert fallback_doubled(now, before) is doubled
