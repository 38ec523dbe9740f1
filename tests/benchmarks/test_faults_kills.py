"""Whoever is killed, and whenever: the work is done once, whole, and told once."""

import pytest

from benchmarks.faults_kills import report


@pytest.mark.slow
def test_a_hundred_kills_cost_nothing() -> None:
    assert report("sqlite", kills=100, seed=1)
