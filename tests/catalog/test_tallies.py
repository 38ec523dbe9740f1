"""The sums of a campaign follow every attempt, every verdict and every master that is taken back."""

import pytest

from catalog import Catalog, Defect, NotRegistered, Review, Severity, ShotState
from schemas import Outcome, Shot, Variant, Verdict
from schemas.reasons import reason_key
from tests.factories import a_form, a_spec, an_attempt

MUG = a_form(shots=("white_main", "scene", "detail"))


def told(outcome: Outcome, *reasons: str) -> Verdict:
    return Verdict(outcome=outcome, reasons=reasons, gate=0.85)


def tried(
    catalog: Catalog, shot: Shot, number: int, verdict: Verdict, variant: Variant = Variant.TURBO
) -> None:
    attempt = an_attempt(shot, number, verdict.outcome, variant, verdict=verdict)
    catalog.record_attempt(attempt, a_spec(), f"{shot.id} {number}".encode())


@pytest.fixture
def shots(catalog: Catalog) -> tuple[Shot, ...]:
    """Three shots: accepted at once, saved by Base after two, and left to a person."""
    first, second, third = catalog.register("spring", [MUG])
    tried(catalog, first, 0, told(Outcome.ACCEPTED, "all that was asked is seen (0.99, gate 0.85)"))
    wrong = "colour: asked red, looks blue (0.59 against 0.41)"
    tried(catalog, second, 0, told(Outcome.REJECTED, wrong))
    tried(catalog, second, 1, told(Outcome.REJECTED, wrong.replace("0.59", "0.77")))
    tried(catalog, second, 2, told(Outcome.ACCEPTED, "all that was asked is seen"), Variant.BASE)
    tried(catalog, third, 0, told(Outcome.NEEDS_REVIEW, "not sure enough (0.60, gate 0.85)"))
    return first, second, third


def test_shots_attempts_and_reasons_are_counted(catalog: Catalog, shots: tuple[Shot, ...]) -> None:
    sums = catalog.campaign_figures("spring")
    assert sums.states == {ShotState.ACCEPTED: 2, ShotState.NEEDS_REVIEW: 1}
    assert (sums.shots, sums.tried_turbo, sums.tried_base, sums.decided) == (3, 4, 1, 3)
    assert (sums.at_once, sums.by_base, sums.device_seconds) == (1, 1, 2.5)
    assert [(one.reason, one.count) for one in sums.reasons] == [("claim.colour", 2), ("unsure", 1)]
    assert (sums.recent, sums.seconds_left) == (5, 0.0)
    assert shots


def test_the_sums_are_those_of_the_long_way(catalog: Catalog, shots: tuple[Shot, ...]) -> None:
    sums, summary = catalog.campaign_figures("spring"), catalog.campaign_summary("spring")
    assert shots
    assert (sums.shots, sums.attempts, sums.by_base, sums.device_seconds) == (
        summary.shots,
        summary.attempts,
        summary.saved_by_base,
        summary.device_seconds,
    )


def test_a_person_who_rejects_takes_the_accepted_one_out_of_the_sums(
    catalog: Catalog, shots: tuple[Shot, ...]
) -> None:
    wrong = Defect(code="wrong_colour", severity=Severity.MAJOR)
    attempt = catalog.attempts_of(shots[0].id)[0]
    catalog.record_review(
        Review(attempt_id=attempt.id, reviewer="ada", outcome=Outcome.REJECTED, defects=(wrong,))
    )
    sums = catalog.campaign_figures("spring")
    assert (sums.at_once, sums.states[ShotState.UNFINISHED]) == (0, 1)
    assert ("defect.wrong_colour", 1) in [(one.reason, one.count) for one in sums.reasons]
    assert sums.seconds_left
    assert sums.seconds_left > 0


def test_a_person_who_accepts_puts_it_in(catalog: Catalog, shots: tuple[Shot, ...]) -> None:
    attempt = catalog.attempts_of(shots[2].id)[0]
    catalog.record_review(Review(attempt_id=attempt.id, reviewer="ada", outcome=Outcome.ACCEPTED))
    sums = catalog.campaign_figures("spring")
    assert sums.at_once == 2
    assert [one.reason for one in sums.reasons] == ["claim.colour"]


def test_a_campaign_that_nobody_registered_is_named(catalog: Catalog) -> None:
    with pytest.raises(NotRegistered, match="autumn"):
        catalog.campaign_figures("autumn")


def test_a_campaign_without_a_picture_has_no_rate(catalog: Catalog) -> None:
    catalog.register("new", [MUG])
    sums = catalog.campaign_figures("new")
    assert (sums.rate, sums.seconds_left, sums.decided, sums.reasons) == (None, None, 0, ())


@pytest.mark.parametrize(
    ("sentence", "key"),
    [
        ("colour: asked red, looks blue (0.59 against 0.41)", "claim.colour"),
        ("background colour: asked white, looks grey (0.59 against 0.41)", "claim.background_colour"),
        ("not sure enough (0.60, gate 0.85); least sure of whole: whole or broken", "unsure"),
        ("the picture is nearly one colour (spread 1.2, at least 4 wanted)", "check.spread"),
        ("unscored: the scorer is away; waits for review", "unscored"),
        ("nothing was asked of the picture, so nothing was checked", "unasked"),
        ("it looks the same as a picture that a person rejected", "repeated"),
        ("the reviewers do not agree", "disputed"),
        ("major: wrong_colour", "defect.wrong_colour"),
        ("the cat sits on it", "other"),
        ("", "other"),
    ],
)
def test_a_reason_is_counted_by_its_kind(sentence: str, key: str) -> None:
    assert reason_key(sentence) == key
