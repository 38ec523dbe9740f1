import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zimage_core.scoring.reliability import at_gate, auc, bins_of, calibration_error, diagram

RIGHT = np.array([True, True, False, False])


@pytest.mark.parametrize(
    ("p", "area"),
    [
        ((0.9, 0.8, 0.2, 0.1), 1.0),
        ((0.1, 0.2, 0.8, 0.9), 0.0),
        ((0.5, 0.5, 0.5, 0.5), 0.5),
        ((0.9, 0.2, 0.5, 0.1), 0.75),
    ],
)
def test_the_area_counts_pairs_in_the_right_order(p: tuple[float, ...], area: float) -> None:
    assert auc(np.array(p), RIGHT) == pytest.approx(area)


def test_without_both_kinds_there_is_no_area() -> None:
    assert math.isnan(auc(np.array([0.5, 0.6]), np.array([True, True])))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_bins_hold_every_picture_once_and_the_error_stays_within_one(cases: list[tuple[float, bool]]) -> None:
    p, right = np.array([case[0] for case in cases]), np.array([case[1] for case in cases])
    assert sum(each.count for each in bins_of(p, right)) == len(cases)
    assert 0 <= calibration_error(p, right) <= 1


def test_what_comes_true_as_often_as_said_has_no_error() -> None:
    p = np.repeat([0.25, 0.75], 40)
    right = np.concatenate([np.arange(40) < 10, np.arange(40) < 30])
    assert calibration_error(p, right) == pytest.approx(0)
    assert calibration_error(1 - p, right) == pytest.approx(0.5)


def test_a_gate_keeps_is_precise_and_stops() -> None:
    found = at_gate(np.array([0.9, 0.6, 0.95, 0.1]), RIGHT, 0.85)
    assert (found.kept, found.precision, found.stopped) == (0.5, 0.5, 0.5)
    assert math.isnan(at_gate(np.array([0.1] * 4), RIGHT, 0.85).precision)


def test_a_diagram_draws_what_was_said_and_what_was() -> None:
    lines = diagram(bins_of(np.array([0.95] * 10), np.arange(10) < 5)).splitlines()
    assert lines[1].split()[:4] == ["0.9-1.0", "10", "0.950", "0.500"]
    assert lines[1].endswith("#" * 20 + " " * 18 + "|")
