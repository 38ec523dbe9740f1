"""Which pictures of a lot a person looks at, after ISO 2859-1, and how strict the next lot is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import SettingsInvalid
from schemas.sampling import (
    DefectClass,
    LotPlan,
    LotVerdict,
    SamplingPlan,
    Severity,
    Switching,
    drawn,
    judge_lot,
    lot_plan,
    simple_sample,
    switched,
)
from schemas.sampling_tables import LEVELS, sampling_tables

TABLES = sampling_tables()
LOTS = st.integers(1, 2_000_000)
AQLS = st.sampled_from(TABLES.aqls)
SEVERITIES = st.sampled_from(Severity)


@pytest.mark.parametrize(
    ("lot", "letter", "size", "by_aql"),
    [
        (500, "H", 50, {1.0: (1, 2), 2.5: (3, 4), 4.0: (5, 6)}),
        (1200, "J", 80, {1.0: (2, 3), 2.5: (5, 6), 4.0: (7, 8)}),
        (3200, "K", 125, {1.0: (3, 4), 2.5: (7, 8), 4.0: (10, 11)}),
    ],
)
def test_the_usual_lots_have_the_printed_plans(
    lot: int, letter: str, size: int, by_aql: dict[float, tuple[int, int]]
) -> None:
    for aql, (accept, reject) in by_aql.items():
        expected = SamplingPlan(letter=letter, size=size, accept=accept, reject=reject)
        assert TABLES.plan_for(lot, aql) == expected


def test_an_arrow_leads_to_a_plan_with_its_own_sample_size() -> None:
    assert TABLES.letter_for(150) == "F"
    assert TABLES.plan_for(150, 1.0) == SamplingPlan(letter="E", size=13, accept=0, reject=1)
    assert TABLES.plan_for(1200, 0.65) == SamplingPlan(letter="J", size=80, accept=1, reject=2)


def test_all_of_a_small_lot_are_looked_at() -> None:
    assert TABLES.plan_for(10, 0.01).size == 10
    assert TABLES.plan_for(1, 2.5).size == 1


@given(LOTS, AQLS, SEVERITIES, st.sampled_from(LEVELS))
def test_every_lot_has_a_plan_that_can_be_carried_out(
    lot: int, aql: float, severity: Severity, level: str
) -> None:
    plan = TABLES.plan_for(lot, aql, severity, level)
    assert 1 <= plan.size <= lot
    assert plan.reject > plan.accept


@given(LOTS, AQLS)
def test_tightened_inspection_never_accepts_a_larger_share_than_normal(lot: int, aql: float) -> None:
    normal, tightened = (TABLES.plan_for(lot, aql, s) for s in (Severity.NORMAL, Severity.TIGHTENED))
    assert tightened.accept / tightened.size <= normal.accept / normal.size


@given(LOTS, AQLS)
def test_reduced_inspection_never_looks_at_more_than_normal(lot: int, aql: float) -> None:
    assert TABLES.plan_for(lot, aql, Severity.REDUCED).size <= TABLES.plan_for(lot, aql).size


@given(st.integers(2, 400_000), st.integers(2, 400_000), AQLS)
def test_a_larger_lot_never_has_an_earlier_code_letter(one: int, other: int, aql: float) -> None:
    small, large = sorted((one, other))
    assert TABLES.letter_for(small) <= TABLES.letter_for(large)
    assert TABLES.tighter(aql) is None or TABLES.tighter(aql) < aql


@pytest.mark.parametrize(("lot", "aql", "level"), [(500, 3.0, "II"), (500, 2.5, "IV"), (0, 2.5, "II")])
def test_what_the_standard_does_not_know_is_named(lot: int, aql: float, level: str) -> None:
    with pytest.raises(SettingsInvalid, match="There is no"):
        TABLES.plan_for(lot, aql, level=level)


def found(size: int, **counts: int) -> list[set[DefectClass]]:
    return [{DefectClass(kind) for kind, count in counts.items() if at < count} for at in range(size)]


@pytest.mark.parametrize(
    ("defects", "accepted"),
    [
        ({}, True),
        ({"major": 3}, True),
        ({"major": 4}, False),
        ({"minor": 5}, True),
        ({"minor": 6}, False),
        ({"critical": 1}, False),
        ({"major": 3, "minor": 5}, True),
    ],
)
def test_a_lot_of_500_is_judged_class_by_class(defects: dict[str, int], accepted: bool) -> None:  # noqa: FBT001 - a table's column
    verdict = judge_lot(lot_plan(500, TABLES), found(50, **defects))
    assert verdict.accepted is accepted
    assert bool(verdict.reasons) is not accepted


def test_a_lot_cannot_be_judged_before_the_sample_was_looked_at() -> None:
    with pytest.raises(SettingsInvalid, match="asks for 50"):
        judge_lot(lot_plan(500, TABLES), found(49))


@given(LOTS, st.data())
def test_a_lot_that_passes_a_stricter_limit_is_accepted(lot: int, data: st.DataObject) -> None:
    plan = lot_plan(lot, TABLES)
    bad = data.draw(st.integers(0, min(plan.size, 30)))
    verdict = judge_lot(plan, found(plan.size, major=bad))
    assert verdict.accepted or not verdict.passes_tighter


PLAN = lot_plan(500, TABLES)
SMALL = LotPlan(
    lot=20,
    severity=Severity.NORMAL,
    classes={DefectClass.MAJOR: SamplingPlan(letter="C", size=5, accept=0, reject=1)},
    tighter={DefectClass.MAJOR: SamplingPlan(letter="C", size=5, accept=0, reject=1)},
)
GOOD = LotVerdict(accepted=True, reasons=(), passes_tighter=True)
FAIR = LotVerdict(accepted=True, reasons=(), passes_tighter=False)
BAD = LotVerdict(accepted=False, reasons=("too many",), passes_tighter=False)


def after(*verdicts: LotVerdict, state: Switching | None = None, plan: LotPlan = PLAN) -> Switching:
    state = state or Switching()
    for verdict in verdicts:
        state = switched(state, plan, verdict)
    return state


@pytest.mark.parametrize(
    ("verdicts", "severity"),
    [
        ([BAD], Severity.NORMAL),
        ([BAD, BAD], Severity.TIGHTENED),
        ([BAD, GOOD, GOOD, GOOD, BAD], Severity.TIGHTENED),
        ([BAD, GOOD, GOOD, GOOD, GOOD, BAD], Severity.NORMAL),
    ],
)
def test_two_refused_lots_among_five_tighten_inspection(
    verdicts: list[LotVerdict], severity: Severity
) -> None:
    assert after(*verdicts).severity is severity


def test_five_accepted_lots_in_a_row_bring_normal_inspection_back() -> None:
    tightened = after(BAD, BAD)
    assert after(GOOD, FAIR, GOOD, GOOD, state=tightened).severity is Severity.TIGHTENED
    assert after(GOOD, FAIR, GOOD, GOOD, GOOD, state=tightened) == Switching()
    assert after(GOOD, GOOD, BAD, GOOD, GOOD, state=tightened).severity is Severity.TIGHTENED


def test_five_refused_lots_under_tightened_inspection_stop_acceptance() -> None:
    tightened = after(BAD, BAD)
    assert not after(BAD, GOOD, BAD, BAD, GOOD, BAD, state=tightened).stopped
    assert after(BAD, GOOD, BAD, BAD, GOOD, BAD, BAD, state=tightened).stopped


def test_ten_lots_that_would_pass_a_stricter_limit_reduce_inspection() -> None:
    assert after(*[GOOD] * 9).score == 27
    assert after(*[GOOD] * 10).severity is Severity.REDUCED


def test_a_lot_that_would_not_pass_a_stricter_limit_starts_the_score_anew() -> None:
    assert after(*[GOOD] * 9, FAIR).score == 0
    assert after(*[GOOD] * 9, BAD).score == 0


def test_small_plans_score_two_for_each_accepted_lot() -> None:
    assert after(*[FAIR] * 14, plan=SMALL).score == 28
    assert after(*[FAIR] * 15, plan=SMALL).severity is Severity.REDUCED


def test_reduced_inspection_needs_steady_production_and_consent() -> None:
    nine = after(*[GOOD] * 9)
    assert switched(nine, PLAN, GOOD, steady=False).severity is Severity.NORMAL
    assert switched(nine, PLAN, GOOD, agreed=False).severity is Severity.NORMAL


def test_one_refused_lot_or_unsteady_production_ends_reduced_inspection() -> None:
    reduced = after(*[GOOD] * 10)
    assert after(GOOD, FAIR, state=reduced).severity is Severity.REDUCED
    assert after(BAD, state=reduced) == Switching()
    assert switched(reduced, PLAN, GOOD, steady=False) == Switching()


IDS = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=300)


@given(IDS, IDS, st.text(max_size=10))
def test_the_simple_sample_holds_everything_doubtful_and_one_in_twenty(
    accepted: list[str], doubtful: list[str], lot: str
) -> None:
    sample = simple_sample(accepted, doubtful, lot)
    assert list(sample[: len(doubtful)]) == doubtful
    drawn_ones = sample[len(doubtful) :]
    assert set(drawn_ones) <= set(accepted)
    assert len(drawn_ones) == (max(1, -(-len(accepted) // 20)) if accepted else 0)


@given(IDS, st.randoms(use_true_random=False))
def test_a_draw_does_not_depend_on_the_order_of_the_lot(ids: list[str], chance: object) -> None:
    shuffled = list(ids)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert drawn(ids, 7, "lot_1") == drawn(shuffled, 7, "lot_1")


def test_two_lots_draw_differently() -> None:
    ids = [str(number) for number in range(1000)]
    assert drawn(ids, 50, "lot_1") != drawn(ids, 50, "lot_2")
