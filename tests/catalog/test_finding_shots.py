"""Shots are found by everything a page filters by, in every order, and always through an index."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from catalog import (
    Catalog,
    FindingKind,
    NotRegistered,
    Review,
    ShotCard,
    ShotFilter,
    ShotSort,
    ShotState,
    finding_shots,
)
from catalog.words import asked_words, end_of, listed_words
from schemas import Failure, Outcome, ProductForm, ShotType, Variant
from tests.catalog.explained import full_scans
from tests.factories import a_form, a_spec, an_attempt, some_scores

FORMS = (
    a_form(sku="MUG-RED-01", title="Red ceramic mug", category="mug", channels=("taobao", "amazon")),
    a_form(sku="MUG-BLUE-02", title="Blue T-shirt mug", category="mug", channels=("taobao",)),
    a_form(sku="VASE-07", title="红色陶瓷花瓶 large", category="vase", channels=("shopify",)),
)
REASON = "colour: asked blue, looks black (0.59 against 0.41)"


@pytest.fixture
def spring(catalog: Catalog) -> Catalog:
    """Six shots: the first two accepted at 0.9 and 0.8, one in review for its colour, one failed, two open."""
    shots = catalog.register("spring", FORMS)
    for number, shot in enumerate(shots[:2]):
        attempt = an_attempt(shot, scores=some_scores(p_accept=0.9 - number / 10))
        catalog.record_attempt(attempt, a_spec(), f"picture {number}".encode())
    told = an_attempt(shots[2], 0, Outcome.NEEDS_REVIEW, scores=some_scores(p_accept=0.3))
    assert told.verdict
    told = told.model_copy(update={"verdict": told.verdict.model_copy(update={"reasons": (REASON,)})})
    catalog.record_attempt(told, a_spec(), b"picture 2")
    failed = an_attempt(shots[3], 0, Outcome.REJECTED, scores=None, provenance=None, picture=None)
    failure = Failure(code="degenerate_picture", message="The picture is black.")
    catalog.record_attempt(failed.model_copy(update={"failure": failure}), a_spec(), None)
    return catalog


def found(catalog: Catalog, sort: ShotSort = ShotSort.OLDEST, **wanted: object) -> list[str]:
    page = catalog.find_shots(ShotFilter.model_validate(wanted), sort)
    assert page.total == len(page.cards)
    return [f"{card.sku} {card.shot_type}" for card in page.cards]


MUG_WHITE, MUG_SCENE = "MUG-RED-01 white_main", "MUG-RED-01 scene"


def test_every_filter_finds_what_it_says(spring: Catalog) -> None:
    assert len(found(spring)) == 6
    assert len(found(spring, campaign="spring")) == 6
    assert found(spring, campaign="autumn") == []
    assert len(found(spring, sku="VASE-07")) == 2
    assert len(found(spring, category="mug")) == 4
    assert len(found(spring, channel="taobao")) == 4
    assert len(found(spring, channel="amazon")) == 2
    assert len(found(spring, state=ShotState.ACCEPTED)) == 2
    assert len(found(spring, shot_type=ShotType.SCENE)) == 3
    assert len(found(spring, variant=Variant.TURBO)) == 4
    assert len(found(spring, reason="claim.colour")) == 1
    assert len(found(spring, reason="failure.degenerate_picture")) == 1
    assert len(found(spring, score_from=0.5)) == 2
    assert len(found(spring, score_to=0.85)) == 2
    assert len(found(spring, score_from=0.35, score_to=0.85)) == 1
    assert len(found(spring, rules=a_spec().tables)) == 4
    assert found(spring, rules="tables_of_nobody") == []
    assert len(found(spring, category="mug", channel="taobao", state=ShotState.UNFINISHED)) == 1


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ("mug", 4),
        ("CERAMIC", 2),
        ("red-0", 2),
        ("07", 2),
        ("t-shirt", 2),
        ("shirt mug", 2),
        ("花瓶", 2),
        ("瓷", 2),
        ("红色陶瓷花瓶", 2),
        ("陶瓷large", 2),
        ("mug red-01", 2),
        ("瓶花", 0),
        ("eramic", 0),
        ("%", 6),
        ("\x00", 6),
        ("", 6),
    ],
)
def test_the_search_finds_beginnings_of_words_and_any_part_of_a_sku(
    spring: Catalog, search: str, count: int
) -> None:
    assert len(found(spring, search=search)) == count


def test_every_order_can_be_walked_forth_and_back(spring: Catalog) -> None:
    for sort in ShotSort:
        whole = spring.find_shots(ShotFilter(), sort).cards
        walked: list[ShotCard] = []
        page = spring.find_shots(ShotFilter(), sort, size=2)
        assert page.previous is None
        while True:
            walked += page.cards
            if page.next is None:
                break
            page = spring.find_shots(ShotFilter(), sort, after=page.next, size=2)
        assert tuple(walked) == whole
        back = spring.find_shots(ShotFilter(), sort, before=whole[-1].shot_id, size=2)
        assert back.cards == whole[-3:-1]
        assert back.next == whole[-2].shot_id


def test_orders_are_what_they_are_called(spring: Catalog) -> None:
    cards = {sort: spring.find_shots(ShotFilter(), sort).cards for sort in ShotSort}
    assert [card.p_accept for card in cards[ShotSort.BEST]] == [0.9, 0.8, 0.3]
    assert cards[ShotSort.WORST] == cards[ShotSort.BEST][::-1]
    assert cards[ShotSort.NEWEST] == cards[ShotSort.OLDEST][::-1]
    assert [card.sku for card in cards[ShotSort.SKU]] == sorted(card.sku for card in cards[ShotSort.SKU])
    times = [card.changed_at for card in cards[ShotSort.OLDEST]]
    assert times == sorted(times)


def test_neighbours_are_those_of_the_list(spring: Catalog) -> None:
    first, second, third = spring.find_shots(ShotFilter(), ShotSort.BEST).cards
    assert spring.neighbours(ShotFilter(), ShotSort.BEST, second.shot_id) == (first.shot_id, third.shot_id)
    assert spring.neighbours(ShotFilter(), ShotSort.BEST, first.shot_id) == (None, second.shot_id)
    with pytest.raises(NotRegistered):
        spring.neighbours(ShotFilter(), ShotSort.BEST, "shot_of_nobody")


def test_a_persons_verdict_is_on_the_card(spring: Catalog) -> None:
    (card,) = spring.find_shots(ShotFilter(state=ShotState.NEEDS_REVIEW)).cards
    assert card.reasons == ("claim.colour",)
    assert card.attempt_id
    spring.record_review(Review(attempt_id=card.attempt_id, reviewer="rosa", outcome=Outcome.ACCEPTED))
    (after,) = spring.find_shots(ShotFilter(reviewer="rosa")).cards
    assert (after.state, after.reasons) == (ShotState.ACCEPTED, ())
    assert after.changed_at >= card.changed_at
    assert spring.shot_card(card.shot_id) == after
    assert spring.shot_choices().reviewers == ("rosa",)
    assert spring.shot_choices().categories == ("mug", "vase")
    assert spring.shot_choices().channels == ("amazon", "shopify", "taobao")


def test_the_story_tells_every_verdict(spring: Catalog) -> None:
    (card,) = spring.find_shots(ShotFilter(state=ShotState.NEEDS_REVIEW)).cards
    assert card.attempt_id
    spring.record_review(Review(attempt_id=card.attempt_id, reviewer="rosa", outcome=Outcome.REJECTED))
    story = spring.shot_history(card.shot_id)
    assert [one.verdict.outcome for one in story.decisions] == [Outcome.NEEDS_REVIEW, Outcome.REJECTED]
    assert story.specs[0] == a_spec()
    assert [one.reviewer for one in story.reviews] == ["rosa"]
    assert {entry.action for entry in story.trail} >= {"send to review", "review", "reject"}
    assert story.state is ShotState.UNFINISHED


def test_what_is_wrong_on_a_card_is_found_and_put_right(spring: Catalog) -> None:
    damages = (
        "UPDATE cards SET state = 'dead' WHERE sku = 'VASE-07' AND shot_type = 'scene'",
        "UPDATE cards SET p_accept = 0.1 WHERE p_accept > 0.85",
        "DELETE FROM facets WHERE kind = 'channel' AND value = 'shopify'",
        "INSERT INTO facets SELECT 'reason', 'claim.whole', shot_id FROM cards WHERE p_accept > 0.85",
        "DELETE FROM words WHERE word = 'ceramic'",
        "DELETE FROM cards WHERE sku = 'MUG-BLUE-02'",
    )
    for damage in damages:
        with spring._database.writing() as session:
            session.execute(text(damage))
        found = spring.fsck(repair=True).findings
        assert {one.kind for one in found} == {FindingKind.CARD_STALE}, damage
        assert all(one.repaired for one in found)
        assert spring.fsck().findings == (), damage


ASKED: tuple[Callable[[Catalog], object], ...] = (
    *(lambda catalog, sort=sort: catalog.find_shots(ShotFilter(), sort) for sort in ShotSort),
    *(
        lambda catalog, sort=sort, wanted=wanted: catalog.find_shots(ShotFilter.model_validate(wanted), sort)
        for sort in ShotSort
        for wanted in (
            {"campaign": "spring", "state": "accepted"},
            {"channel": "taobao", "reason": "claim.colour", "search": "mug red"},
            {"reviewer": "rosa", "rules": "tables_1"},
            {"score_from": 0.2, "score_to": 0.9, "variant": "base", "shot_type": "scene"},
            {"sku": "MUG-RED-01"},
            {"category": "mug"},
        )
    ),
    lambda catalog: catalog.shot_choices(),
    lambda catalog: catalog.shot_history(catalog.find_shots(ShotFilter()).cards[0].shot_id),
    lambda catalog: catalog.neighbours(
        ShotFilter(), ShotSort.BEST, catalog.find_shots(ShotFilter()).cards[0].shot_id
    ),
)


def test_nothing_is_read_from_end_to_end(spring: Catalog) -> None:
    for ask in ASKED:
        assert full_scans(spring, lambda ask=ask: ask(spring)) == []  # type: ignore[misc]  # a default of a lambda


def test_a_full_scan_would_be_noticed(spring: Catalog) -> None:
    def ask() -> None:
        with spring._database.reading() as session:
            session.execute(text("SELECT count(*) FROM cards WHERE title LIKE '%x%'")).all()

    assert len(full_scans(spring, ask)) == 1


titles = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(titles, st.data())
@settings(max_examples=60, deadline=None)
def test_a_title_is_found_by_the_beginning_of_each_of_its_words(title: str, data: st.DataObject) -> None:
    words = listed_words("SKU-1", title)
    for word in asked_words(title):
        beginning = word[: data.draw(st.integers(1, len(word)))]
        assert any(beginning <= listed < end_of(beginning) for listed in words), (word, words)


def test_a_released_form_is_found_as_it_was_listed() -> None:
    form: ProductForm = FORMS[0]
    assert "red" in listed_words(form.sku, form.title)
    assert "ug-red-01" in listed_words(form.sku, form.title)


@pytest.mark.parametrize("sort", list(ShotSort))
def test_many_shots_come_in_the_same_order_as_few(
    spring: Catalog, sort: ShotSort, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ShotFilter(campaign="spring", state=ShotState.ACCEPTED, channel="taobao")
    few = spring.find_shots(wanted, sort)
    beside = spring.neighbours(wanted, sort, few.cards[0].shot_id)
    monkeypatch.setattr(finding_shots, "COUNTED", 0)
    monkeypatch.setattr(finding_shots, "SORTED", 0)
    assert spring.find_shots(wanted, sort).cards == few.cards
    assert spring.neighbours(wanted, sort, few.cards[0].shot_id) == beside
