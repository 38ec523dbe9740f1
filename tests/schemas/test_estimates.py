"""What shots will cost before they are made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.estimates import Measured, cost, estimate
from schemas.settings import CostSettings

COSTS = CostSettings(device_hour=36.0, reviewer_minute=1.0, review_s=30.0, currency="EUR")
KNOWN = Measured(shots=100, pictures=130, device_seconds=200.0, reviews=10)


def test_an_estimate_follows_what_was_measured() -> None:
    told = estimate(50, files=150, measured=KNOWN, costs=COSTS)
    assert (told.pictures, told.files, told.reviews, told.measured_on) == (65, 150, 5, 100)
    assert (told.seconds, told.minutes) == (100.0, pytest.approx(100 / 60))
    assert told.cost == pytest.approx(100 * 0.01 + 5 * 0.5)


def test_a_single_shots_share_of_a_review_is_counted() -> None:
    told = estimate(1, files=3, measured=KNOWN, costs=COSTS)
    assert (told.reviews, told.cost) == (0, pytest.approx(0.02 + 0.1 * 0.5))


def test_a_guess_is_called_one() -> None:
    told = estimate(10, files=0, measured=Measured(), costs=COSTS)
    assert told.measured_on == 0
    assert "a guess" in told.sentence


def test_cost_is_device_time_and_peoples_time() -> None:
    assert cost(3600.0, 0, COSTS) == 36.0
    assert cost(0.0, 4, COSTS) == 2.0


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_two_halves_cost_what_the_whole_costs(first: int, second: int) -> None:
    parts = [estimate(shots, 0, KNOWN, COSTS).cost for shots in (first, second)]
    assert sum(parts) == pytest.approx(estimate(first + second, 0, KNOWN, COSTS).cost)
