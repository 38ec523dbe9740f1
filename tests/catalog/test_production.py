"""What the line made, what people said of it, what waits, and how the pictures of a rule fared."""

from datetime import datetime, timedelta

import pytest

from catalog import Catalog, LotMember, Origin, Review, rule_figures
from schemas import Attempt, Outcome, PromptSpec, Shot, TraceEntry, Variant
from tests.catalog.explained import LARGE, full_scans
from tests.factories import a_form, a_spec, an_attempt

HOUR = timedelta(hours=1)


def entry(rule: str, op: str = "say") -> TraceEntry:
    return TraceEntry(rule=rule, slot="style", op=op, words="soft light", why="a test")


SOFT = a_spec(trace=(entry("light.soft"), entry("form.must_have"), entry("angle.low", "trim")))
HARD = a_spec(trace=(entry("light.hard"), entry("light.soft")), tables="tables_2")


def shots(catalog: Catalog, count: int = 1, campaign: str = "spring") -> list[Shot]:
    forms = [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(count)]
    return list(catalog.register(campaign, forms))


def made(
    catalog: Catalog,
    shot: Shot,
    outcome: Outcome,
    spec: PromptSpec = SOFT,
    number: int = 0,
    variant: Variant = Variant.TURBO,
) -> Attempt:
    attempt = an_attempt(shot, number, outcome, variant, spec)
    return catalog.record_attempt(attempt, spec, attempt.id.encode())


def say(catalog: Catalog, attempt: Attempt, outcome: Outcome, lot: str | None = None) -> None:
    catalog.record_review(Review(attempt_id=attempt.id, outcome=outcome, reviewer="rosa", lot=lot))


def test_a_rule_is_told_by_what_judge_and_people_said_of_its_pictures(catalog: Catalog) -> None:
    first, second, third = shots(catalog, 3)
    good = made(catalog, first, Outcome.ACCEPTED)
    made(catalog, second, Outcome.REJECTED)
    made(catalog, second, Outcome.ACCEPTED, number=1)
    bad = made(catalog, third, Outcome.ACCEPTED, HARD)
    say(catalog, good, Outcome.ACCEPTED)
    say(catalog, bad, Outcome.REJECTED)
    told, examples = catalog.rule_figures("light.soft")
    assert (told.made, told.at_once.count, told.at_once.of) == (4, 2, 3)
    assert (told.judged_out.count, told.judged_out.of) == (1, 4)
    assert (told.refused.count, told.refused.of) == (1, 2)
    assert examples[0].shot_id == third.id
    assert len(examples) == 4


def test_what_the_form_says_itself_and_what_was_cut_off_is_no_rule_of_the_prompt(catalog: Catalog) -> None:
    made(catalog, shots(catalog)[0], Outcome.ACCEPTED)
    assert set(catalog.all_rule_figures()) == {"light.soft"}
    assert catalog.rule_figures("angle.low")[0].made == 0


def test_all_rules_are_told_as_each_is_told_by_itself(catalog: Catalog) -> None:
    first, second = shots(catalog, 2)
    made(catalog, first, Outcome.REJECTED)
    say(catalog, made(catalog, second, Outcome.ACCEPTED, HARD), Outcome.REJECTED)
    told = catalog.all_rule_figures()
    assert set(told) == {"light.soft", "light.hard"}
    for rule, figures in told.items():
        assert catalog.rule_figures(rule)[0] == figures


def test_a_change_of_mind_counts_once(catalog: Catalog) -> None:
    attempt = made(catalog, shots(catalog)[0], Outcome.NEEDS_REVIEW)
    say(catalog, attempt, Outcome.REJECTED)
    say(catalog, attempt, Outcome.ACCEPTED)
    assert (
        catalog.rule_figures("light.soft")[0].refused.count,
        len(catalog.person_verdicts(an_hour_ago(catalog))),
    ) == (
        0,
        1,
    )


def an_hour_ago(catalog: Catalog) -> datetime:
    return catalog.clock() - HOUR


def test_what_was_made_is_added_up_span_by_span(catalog: Catalog) -> None:
    first, second = shots(catalog, 2)
    made(catalog, first, Outcome.ACCEPTED)
    made(catalog, second, Outcome.REJECTED)
    made(catalog, second, Outcome.ACCEPTED, number=1, variant=Variant.BASE)
    since = catalog.clock() - 2 * HOUR
    past, present, future = catalog.made(since - HOUR / 2, HOUR, 3)
    assert past.tried == present.tried == 0
    assert (future.tried, future.by_turbo, future.firsts) == (3, 2, 2)
    assert (future.accepted, future.at_once, future.by_base) == (2, 1, 1)
    assert future.device_seconds == 1.5


def test_people_are_heard_with_category_tables_and_score(catalog: Catalog) -> None:
    first, second = shots(catalog, 2)
    drawn, shown = made(catalog, first, Outcome.ACCEPTED), made(catalog, second, Outcome.ACCEPTED, HARD)
    member = LotMember(attempt_id=drawn.id, origin=Origin.RANDOM)
    lot = catalog.open_lot("spring", {"share": 0.05}, 2, [member], "rosa")
    say(catalog, drawn, Outcome.ACCEPTED, lot.id)
    say(catalog, shown, Outcome.REJECTED)
    told = sorted(catalog.person_verdicts(catalog.clock() - HOUR), key=lambda one: one.outcome)
    assert [(one.outcome, one.category, one.p_accept, one.random) for one in told] == [
        (Outcome.ACCEPTED, "mug", 0.97, True),
        (Outcome.REJECTED, "mug", 0.97, False),
    ]
    assert told[1].tables == "tables_2"
    assert catalog.person_verdicts(catalog.clock() + HOUR) == ()


def test_only_campaigns_with_something_to_do_wait(catalog: Catalog) -> None:
    (done,) = shots(catalog, 1, "done")
    made(catalog, done, Outcome.ACCEPTED)
    shots(catalog, 2, "spring")
    shots(catalog, 1, "halted")
    catalog.pause("halted", "rosa")
    shots(catalog, 1, "off")
    catalog.cancel("off", "rosa")
    told = {one.campaign: (one.state.value, one.shots) for one in catalog.queue()}
    assert told == {"spring": ("running", 2), "halted": ("paused", 1)}


def test_the_newest_forms_come_first(catalog: Catalog) -> None:
    for number in range(3):
        catalog.register("spring", [a_form(sku=f"MUG-{number}")])
    assert [form.sku for form in catalog.latest_forms(2)] == ["MUG-2", "MUG-1"]


def test_a_rule_that_is_rare_lately_is_found_by_its_prompts(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_figures, "WINDOW", 1)
    first, second = shots(catalog, 2)
    made(catalog, first, Outcome.ACCEPTED, HARD)
    made(catalog, second, Outcome.ACCEPTED)
    assert catalog.rule_figures("light.hard")[0].made == 1
    assert catalog.rule_figures("light.soft")[0].made == 2


def test_nothing_is_read_from_end_to_end(catalog: Catalog) -> None:
    drawn = made(catalog, shots(catalog)[0], Outcome.ACCEPTED)
    say(catalog, drawn, Outcome.REJECTED)
    since = catalog.clock() - HOUR
    tables = (*LARGE, "tallies", "spec_rules", "lot_members", "masters", "reviews")
    for ask in (
        lambda: catalog.made(since, HOUR, 2),
        lambda: catalog.person_verdicts(since),
        catalog.queue,
        catalog.all_rule_figures,
        lambda: catalog.rule_figures("light.soft"),
        lambda: catalog.rule_figures("light.none"),
        lambda: catalog.latest_forms(10),
        catalog.activated,
    ):
        assert full_scans(catalog, ask, tables) == []
