"""The truth that the score benchmark rests on."""

from collections import Counter

from benchmarks.scores_cases import WHOLE, Case, cases, specs_of
from nano.world import Picture
from schemas import Claim

CASES = tuple(cases(160, 7))


def values(claims: tuple[Claim, ...]) -> dict[str, str]:
    return {claim.kind: claim.truth.value for claim in claims}


def claimed(pictures: list[Picture]) -> list[dict[str, str]]:
    return [values(spec.claims) for spec in specs_of(pictures)]


def test_half_are_right_a_quarter_mistaken_and_a_quarter_broken() -> None:
    kinds = Counter("broken" if case.drawn.fault else "mistaken" if case.wrong else "right" for case in CASES)
    assert kinds == {"right": 80, "mistaken": 40, "broken": 40}
    assert Counter(case.soft for case in CASES) == {True: 80, False: 80}
    assert tuple(cases(160, 7)) == CASES
    assert tuple(cases(160, 8)) != CASES


def test_a_mistaken_case_asks_for_exactly_one_other_thing() -> None:
    mistaken = [case for case in CASES if case.wrong and not case.drawn.fault]
    drawn, asked = claimed([case.drawn for case in mistaken]), claimed([case.asked for case in mistaken])
    for case, shown, wanted in zip(mistaken, drawn, asked, strict=True):
        shared = shown.keys() & wanted.keys()
        assert {kind for kind in shared if shown[kind] != wanted[kind]} == {case.wrong}


def test_a_broken_case_asks_for_what_was_drawn_but_whole() -> None:
    broken: list[Case] = [case for case in CASES if case.drawn.fault]
    for case, wanted in zip(broken, claimed([case.asked for case in broken]), strict=True):
        assert (case.wrong, wanted[WHOLE]) == (WHOLE, "whole")
        assert wanted["colour"] == case.drawn.colour
