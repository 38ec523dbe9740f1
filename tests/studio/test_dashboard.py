"""The dashboard says what was made, what it cost, and how far the score can be trusted."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, MadeInSpan, PersonVerdict, Review
from schemas import Outcome, settings_from
from schemas.settings import CostSettings
from studio.dashboard import (
    STEPS,
    Span,
    begin,
    calibration_error,
    cost_of,
    dashboard,
    rates,
    refused_of,
    reliability,
)
from studio.line_health import Reach, core_state, core_told, prefect_state
from studio.plots import HEIGHT, WIDTH, bar_plot, dots, nice_top, strip
from studio.visitors import Door
from tests.factories import a_form, a_spec, an_attempt
from tests.studio.visiting import Browser, signed_in

NOON = datetime(2026, 6, 1, 12, 34, 56, tzinfo=UTC)
HOUR = timedelta(hours=1)


def said(
    outcome: Outcome, p_accept: float | None = 0.9, category: str = "mug", *, random: bool = False
) -> PersonVerdict:
    return PersonVerdict(
        outcome=outcome, category=category, tables="tables_1", p_accept=p_accept, random=random
    )


def an_hour(tried: int = 0, accepted: int = 0, **more: float) -> MadeInSpan:
    usual = {"by_turbo": tried, "firsts": tried, "at_once": accepted, "by_base": 0, "device_seconds": 0.0}
    fields = {**usual, **more, "tried": tried, "accepted": accepted, "since": NOON, "until": NOON + HOUR}
    return MadeInSpan.model_validate(fields)


GOOD, BAD = Outcome.ACCEPTED, Outcome.REJECTED


@pytest.mark.parametrize("span", Span)
def test_the_last_bar_is_the_present_one_and_bars_begin_at_whole_steps(span: Span) -> None:
    step, count = STEPS[span]
    first = begin(span, NOON)
    assert first + (count - 1) * step <= NOON < first + count * step
    assert (first - NOON.replace(hour=0, minute=0, second=0)) % step == timedelta(0)


def test_people_who_are_undecided_do_not_count() -> None:
    share = refused_of([said(GOOD), said(BAD), said(Outcome.NEEDS_REVIEW)])
    assert (share.count, share.of) == (1, 2)


def test_categories_come_with_the_most_looked_at_first() -> None:
    verdicts = [said(BAD, category="lamp"), said(GOOD), said(BAD)]
    told = rates((one.category, one) for one in verdicts)
    assert [(one.key, one.refused.count, one.refused.of) for one in told] == [("mug", 1, 2), ("lamp", 1, 1)]


def test_a_score_that_keeps_its_word_lies_on_the_diagonal() -> None:
    verdicts = [said(GOOD, 0.75)] * 3 + [said(BAD, 0.75)]
    (one,) = reliability(verdicts)
    assert (one.low, one.high, one.said, one.accepted.share) == (0.7, 0.8, 0.75, 0.75)
    assert calibration_error([one]) == pytest.approx(0.0)


def test_the_error_weighs_bins_by_their_pictures() -> None:
    verdicts = [said(GOOD, 0.95)] * 3 + [said(BAD, 0.35)]
    assert calibration_error(reliability(verdicts)) == pytest.approx((3 * 0.05 + 0.35) / 4)
    assert calibration_error(()) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(Outcome)), max_size=40))
def test_every_decided_picture_is_in_one_bin(scores: list[tuple[float, Outcome]]) -> None:
    bins = reliability(said(outcome, p) for p, outcome in scores)
    decided = sum(outcome is not Outcome.NEEDS_REVIEW for _, outcome in scores)
    assert sum(one.accepted.of for one in bins) == decided
    assert all(one.low <= one.said <= one.high for one in bins)


def test_device_and_people_are_paid_for_by_the_accepted_pictures() -> None:
    costs = CostSettings(device_hour=3.6, reviewer_minute=0.5, review_s=30)
    cost = cost_of(1000.0, 4, 10, costs)
    assert (cost.device, cost.people, cost.per_accepted) == pytest.approx((1.0, 1.0, 0.2))
    assert cost_of(1000.0, 4, 0, costs).per_accepted is None


def test_the_numbers_of_the_random_pictures_stand_apart() -> None:
    settings = settings_from({})
    told = dashboard(
        Span.DAY,
        NOON + HOUR,
        [an_hour(10, 6, by_base=2, at_once=3)],
        [said(BAD), said(GOOD, random=True)],
        [],
        settings.costs,
        core_state(settings),
        prefect_state(settings),
    )
    assert (told.pictures, told.accepted, told.per_hour) == (10, 6, 10.0)
    assert (told.by_base.count, told.by_base.of) == (2, 6)
    assert (told.at_once.count, told.at_once.of) == (3, 10)
    assert (told.refused.of, told.refused_random.of) == (2, 1)


@given(st.integers(0, 10**7))
def test_the_axis_holds_the_highest_bar_in_whole_steps(most: int) -> None:
    top = nice_top(most)
    assert max(most, 4) <= top
    assert top % 4 == 0


@given(st.lists(st.integers(0, 500), min_size=1, max_size=30))
def test_no_bar_leaves_the_plot(counts: list[int]) -> None:
    plot = bar_plot([an_hour(count, count // 2) for count in counts], Span.DAY)
    for bar in plot.bars:
        assert 0 <= bar.top <= bar.accepted_top <= plot.ground <= HEIGHT
        assert plot.left <= bar.x
        assert bar.x + bar.width <= WIDTH


def test_a_dot_lies_higher_the_more_people_accept() -> None:
    low, high = dots(reliability([said(BAD, 0.2), said(GOOD, 0.9)]))
    assert low.x < high.x
    assert low.y > high.y
    assert strip(high.bin.accepted).at > strip(low.bin.accepted).at


def test_a_core_that_is_not_set_or_away_is_told_as_such() -> None:
    assert core_state(settings_from({})).reach is Reach.UNSET
    away = core_state(settings_from({"PACKSHOT_CORE__URL": "http://127.0.0.1:9"}))
    assert away.reach is Reach.AWAY
    assert "cannot be reached" in away.trouble


def test_what_a_core_says_of_itself_is_passed_on() -> None:
    residents = [{"name": "turbo", "state": "resident"}, {"name": "base", "state": "absent"}]
    told = core_told({"state": "degraded", "waiting": 3, "residents": residents, "trouble": ["slow"]})
    assert (told.reach, told.state, told.waiting) == (Reach.ANSWERS, "degraded", 3)
    assert (told.models, told.trouble) == (("turbo",), "slow")


@pytest.mark.parametrize(("status", "reach"), [(200, Reach.ANSWERS), (401, Reach.ANSWERS), (503, Reach.AWAY)])
def test_prefect_is_reached_when_anybody_answers(status: int, reach: Reach) -> None:
    settings = settings_from({"PACKSHOT_STUDIO__PREFECT_URL": "http://prefect.test/api"})
    told = prefect_state(settings, httpx.MockTransport(lambda _: httpx.Response(status)))
    assert (told.reach, told.pages) == (reach, "http://prefect.test")


def filled(catalog: Catalog) -> None:
    first, second = catalog.register("spring", [a_form()])
    done = catalog.record_attempt(an_attempt(first), a_spec(), b"one")
    catalog.record_attempt(an_attempt(second, 0, Outcome.REJECTED), a_spec(), b"two")
    catalog.record_review(Review(attempt_id=done.id, outcome=GOOD, reviewer="rosa"))


def test_an_empty_studio_says_where_to_begin(browser: Browser) -> None:
    text = browser().get("/").text
    assert "Nothing was made in this time" in text
    assert 'href="/forms/new"' in text
    assert "No core is set" in text


@pytest.mark.parametrize("span", Span)
def test_the_page_shows_what_was_made_and_links_to_its_pictures(
    browser: Browser, catalog: Catalog, span: Span
) -> None:
    filled(catalog)
    text = browser().get("/", params={"range": span.value}).text
    assert "2 made, 1 accepted" in text
    assert "/gallery?category=mug" in text
    assert "/campaigns/spring" in text
    assert "style=" not in text
    assert 'role="img"' in text


def test_htmx_gets_the_numbers_alone(browser: Browser, catalog: Catalog) -> None:
    filled(catalog)
    text = browser().get("/", headers={"hx-request": "true"}).text
    assert "<html" not in text
    assert "2 made, 1 accepted" in text


def test_a_range_that_is_none_is_refused(browser: Browser) -> None:
    assert browser().get("/api/dashboard", params={"range": "9y"}).status_code == 422


def test_programs_get_the_same_numbers(browser: Browser, catalog: Catalog) -> None:
    filled(catalog)
    told = browser().get("/api/dashboard").json()
    assert (told["pictures"], told["accepted"], told["waiting"]) == (2, 1, 1)
    assert told["refused"] | {"low": 0, "high": 0} == {"count": 0, "of": 1, "low": 0, "high": 0}


@pytest.mark.parametrize("name", ["operator", "reviewer", "admin"])
def test_everybody_who_is_signed_in_sees_it(browser: Browser, name: str) -> None:
    assert signed_in(browser(Door.USERS), name).get("/").status_code == 200


def test_nobody_else_does(browser: Browser) -> None:
    assert browser(Door.USERS).get("/").status_code == 303
