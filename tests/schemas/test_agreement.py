"""Shares, agreement and defects: numbers that others have published, and tables that are whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import SettingsInvalid
from schemas.agreement import agreement
from schemas.defects import defect_kinds, defects_named
from schemas.errors import DefectUnknown
from schemas.intervals import share_of
from schemas.sampling import DefectClass

DERMATOLOGISTS = [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]
"""Two dermatologists about 88 patients: SAS/STAT, PROC FREQ, example "Cohen's Kappa Coefficient"."""


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_the_interval_that_newcombe_printed(count: int, of: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    found = share_of(count, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_in_its_interval(count: int, more: int) -> None:
    found = share_of(count, count + more)
    assert found.low <= found.share <= found.high
    turned = share_of(more, count + more)
    assert found.low == pytest.approx(1 - turned.high)


def test_more_than_there_are_cannot_be() -> None:
    assert (share_of(0, 0).low, share_of(0, 0).high) == (0.0, 1.0)
    with pytest.raises(SettingsInvalid, match="3 of 2"):
        share_of(3, 2)


def test_kappa_is_what_sas_prints() -> None:
    pairs = [
        (one, other)
        for one, row in enumerate(DERMATOLOGISTS)
        for other, count in enumerate(row)
        for _ in range(count)
    ]
    found = agreement(pairs)
    assert found.pictures == 88
    assert found.kappa is not None
    assert found.low is not None
    assert found.high is not None
    assert (round(found.kappa, 4), round(found.low, 4), round(found.high, 4)) == (0.3449, 0.2030, 0.4868)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=60))
def test_kappa_does_not_ask_who_looked_first(pairs: list[tuple[str, str]]) -> None:
    found, turned = agreement(pairs), agreement([(other, one) for one, other in pairs])
    assert found.kappa == (None if turned.kappa is None else pytest.approx(turned.kappa))
    if found.kappa is not None:
        assert found.low is not None
        assert found.high is not None
        assert -1 <= found.low <= found.kappa <= found.high <= 1


def test_kappa_is_silent_where_it_says_nothing() -> None:
    assert agreement([]).kappa is None
    assert agreement([("a", "a")] * 9).kappa is None
    assert agreement([("a", "a"), ("b", "b")]).kappa == 1


def test_every_defect_has_a_key_and_words_of_its_own() -> None:
    kinds = defect_kinds().values()
    assert {kind.defect_class for kind in kinds} == set(DefectClass)
    for part in ("key", "en", "zh"):
        said = [getattr(kind, part) for kind in kinds]
        assert len(set(said)) == len(said), part


def test_an_unknown_defect_is_named() -> None:
    assert [kind.code for kind in defects_named(["banding", "wrong_colour"])] == ["wrong_colour", "banding"]
    with pytest.raises(DefectUnknown, match="'ugly'"):
        defects_named(["ugly"])
