"""The gallery and a shot's page: filters in the address, attempts side by side, and what a person does there."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog import Catalog, Review, ShotFilter, ShotStory
from schemas import Failure, Locale, Outcome, Shot, Variant
from studio.gallery_queries import query_of
from studio.language import words
from studio.reason_words import reason_name
from studio.reproductions import NothingToReproduce, differing, reproduce
from studio.shot_files import disposition
from studio.visitors import Door
from tests.factories import a_form, a_job, a_provenance, a_rendition, a_spec, an_attempt, some_scores
from tests.studio.visiting import Browser, signed_in, token_of
from zimage_core.fake_core import FakeCore

NASTY = "<script>alert(1)</script>\"'&{{ 7*7 }}"
EN, ZH = words(Locale.EN), words(Locale.ZH)


@pytest.fixture
def shots(catalog: Catalog) -> tuple[Shot, ...]:
    """Four shots: rejected then accepted, in review, failed, and not begun."""
    mug = a_form(sku="MUG-01", title="Red mug", channels=("taobao",))
    shots = catalog.register("spring", [mug, a_form(sku="VASE-02", title=f"花瓶 {NASTY}", category="vase")])
    first, second = an_attempt(shots[0], 0, Outcome.REJECTED), an_attempt(shots[0], 1, variant=Variant.BASE)
    catalog.record_attempt(first, a_spec(), b"picture 0")
    catalog.record_attempt(second, a_spec(), b"picture 1")
    review = an_attempt(shots[1], 0, Outcome.NEEDS_REVIEW, scores=some_scores(0.4))
    catalog.record_attempt(review, a_spec(), b"picture 2")
    failed = an_attempt(shots[2], 0, Outcome.REJECTED, scores=None, provenance=None)
    failure = Failure(code="degenerate_picture", message="The picture is black.")
    catalog.record_attempt(failed.model_copy(update={"failure": failure}), a_spec(), None)
    return shots


@pytest.fixture
def client(browser: Browser, shots: tuple[Shot, ...]) -> TestClient:
    assert shots
    return browser()


def test_filters_stand_in_the_address_and_can_each_be_taken_off(client: TestClient) -> None:
    page = client.get("/gallery?state=accepted&category=mug&search=red&score_from=0.5").text
    assert page.count('<li><a href="/shots/') == 1
    for left in ("category=mug", "search=red", "state=accepted"):
        assert left in page
    assert 'href="/gallery?category=mug&amp;score_from=0.5&amp;search=red"' in page
    assert "No shot fits" in client.get("/gallery?search=teapot").text


def test_an_address_with_nonsense_in_it_still_shows_the_rest(client: TestClient) -> None:
    page = client.get(
        "/gallery?state=somewhere&score_from=much&sort=sideways&sku=MUG-01&unknown=1&after=shot_x"
    )
    assert page.status_code == 200
    assert page.text.count('<li><a href="/shots/') == 2
    assert client.get("/gallery?search=%00&sku=%00").status_code == 200


def test_htmx_gets_the_list_only_and_the_plain_address(client: TestClient) -> None:
    answer = client.get("/gallery?search=mug&campaign=&sort=newest", headers={"hx-request": "true"})
    assert "<html" not in answer.text
    assert answer.headers["hx-push-url"] == "/gallery?search=mug"
    assert answer.headers["cache-control"] == "no-store"


def test_pictures_keep_their_place_and_wait_until_they_are_seen(client: TestClient) -> None:
    page = client.get("/gallery").text
    assert page.count('loading="lazy"') == page.count('src="/thumbnails/320/') == 2
    assert page.count('width="320" height="320"') == 2


def test_what_people_typed_is_shown_and_never_run(client: TestClient, shots: tuple[Shot, ...]) -> None:
    for address in ("/gallery", f"/shots/{shots[2].id}", "/gallery?search=%3Cscript%3Ealert(1)"):
        assert "<script>alert" not in client.get(address).text


def test_an_empty_gallery_says_what_to_do(browser: Browser) -> None:
    assert 'href="/forms/new"' in browser().get("/gallery").text


def test_a_shots_page_shows_every_attempt_with_its_reasons(
    client: TestClient, shots: tuple[Shot, ...]
) -> None:
    page = client.get(f"/shots/{shots[0].id}").text
    assert page.count("<article") == 2
    for told in ("Turbo", "Base", "gate 0.85", "a red ceramic mug", "attempt 2 made by Base", "cpu"):
        assert told.lower() in page.lower(), told
    failed = client.get(f"/shots/{shots[2].id}").text
    assert EN.of("failure", "degenerate_picture") in failed
    assert client.get(f"/shots/{shots[3].id}").status_code == 200
    assert client.get("/shots/shot_of_nobody").status_code == 404


def test_beside_a_shot_stand_those_of_the_list_it_was_opened_from(
    client: TestClient, shots: tuple[Shot, ...]
) -> None:
    page = client.get(f"/shots/{shots[0].id}?sku=MUG-01").text
    assert f'href="/shots/{shots[1].id}?sku=MUG-01"' in page
    assert 'rel="prev"' in page
    assert 'rel="next"' not in page


def test_the_history_names_people_and_what_they_said(
    client: TestClient, catalog: Catalog, shots: tuple[Shot, ...]
) -> None:
    card = catalog.shot_card(shots[1].id)
    assert card.attempt_id
    catalog.record_review(
        Review(
            attempt_id=card.attempt_id,
            reviewer="rosa",
            outcome=Outcome.REJECTED,
            comment="The handle is gone.",
        )
    )
    page = client.get(f"/shots/{shots[1].id}").text.split("<h2>History")[1]
    assert page.index("ordered") < page.index("sent to review") < page.index("The handle is gone.")
    assert "rosa" in page


def test_made_again_with_a_change_it_is_a_new_shot_of_the_same_product(
    client: TestClient, catalog: Catalog, shots: tuple[Shot, ...]
) -> None:
    address = f"/shots/{shots[1].id}"
    token = token_of(client, address)
    answer = client.post(f"{address}/again", data={"csrf": token, "change": "background:marble"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/forms/spring/MUG-01")
    cards = catalog.find_shots(ShotFilter(sku="MUG-01")).cards
    assert len(cards) == 3
    new = catalog.shot(next(card.shot_id for card in cards if card.shot_id not in {one.id for one in shots}))
    assert (new.form.background, new.form.shots, new.campaign) == ("marble", (shots[1].shot_type,), "spring")
    assert (
        client.post(f"{address}/again", data={"csrf": token, "change": "background:marble"}).status_code
        == 303
    )
    assert len(catalog.find_shots(ShotFilter(sku="MUG-01")).cards) == 3


@pytest.mark.parametrize(
    "change",
    ["", "sku:OTHER-1", "background:", "background:wood", "background:lava", "colour:red", "nothing"],
)
def test_a_change_that_is_none_is_refused_with_a_sentence(
    client: TestClient, catalog: Catalog, shots: tuple[Shot, ...], change: str
) -> None:
    address = f"/shots/{shots[1].id}"
    answer = client.post(f"{address}/again", data={"csrf": token_of(client, address), "change": change})
    assert answer.status_code == 422
    assert len(catalog.find_shots(ShotFilter()).cards) == 4


def test_without_a_core_nothing_is_reproduced_and_the_page_says_so(
    client: TestClient, shots: tuple[Shot, ...]
) -> None:
    address = f"/shots/{shots[0].id}"
    assert "PACKSHOT_CORE__URL" in client.get(address).text
    answer = client.post(f"{address}/reproduce", data={"csrf": token_of(client, address), "number": 0})
    assert answer.status_code == 422
    assert "PACKSHOT_CORE__URL" in answer.text


def story_of(catalog: Catalog, core: FakeCore) -> ShotStory:
    (shot,) = catalog.register("autumn", [a_form(shots=("scene",))])
    attempt = an_attempt(shot)
    result = core.render(attempt.job)
    told = attempt.model_copy(update={"provenance": result.provenance})
    catalog.record_attempt(told, a_spec(), result.png)
    return catalog.shot_history(shot.id)


def test_the_same_job_on_the_same_core_gives_the_same_bytes(catalog: Catalog) -> None:
    core = FakeCore()
    story = story_of(catalog, core)
    result = reproduce(core, story, 0)
    assert result.same
    assert result.differing == ()
    assert result.picture == story.attempts[0].picture
    assert catalog.shot_history(story.shot_id) == story, "it was recorded"


def test_other_bytes_are_told_with_what_is_different(catalog: Catalog, shots: tuple[Shot, ...]) -> None:
    result = reproduce(FakeCore(), catalog.shot_history(shots[0].id), 0)
    assert not result.same
    assert "weights" in result.differing
    with pytest.raises(NothingToReproduce):
        reproduce(FakeCore(), catalog.shot_history(shots[2].id), 0)


def test_what_differs_is_named() -> None:
    made = a_provenance(a_job())
    other = made.model_copy(update={"device": "cuda", "versions": {"torch": "2.16.0", "diffusers": "1"}})
    assert differing(made, made) == ()
    assert differing(made, other) == ("device", "diffusers", "torch")


def test_reviewers_look_and_only_operators_order(browser: Browser, shots: tuple[Shot, ...]) -> None:
    reviewer = signed_in(browser(Door.USERS), "reviewer")
    address = f"/shots/{shots[0].id}"
    page = reviewer.get(address)
    assert page.status_code == 200
    assert 'id="again"' not in page.text
    assert reviewer.post(f"{address}/again", data={"change": "background:wood"}).status_code == 403
    assert reviewer.post(f"/api{address}/reproduce", json={"attempt": 0}).status_code == 403


def test_programs_find_the_same_shots(client: TestClient, shots: tuple[Shot, ...]) -> None:
    found = client.get("/api/shots?sku=MUG-01&size=1").json()
    assert (found["total"], found["more"], found["previous"]) == (2, False, None)
    again = client.get(f"/api/shots?sku=MUG-01&size=1&after={found['next']}").json()
    assert {found["cards"][0]["shot_id"], again["cards"][0]["shot_id"]} == {shots[0].id, shots[1].id}
    for wrong in (
        "state=somewhere",
        "score_from=2",
        "size=0",
        "size=1000",
        "after=%00",
        "sku=%00",
        "colour=red",
    ):
        assert client.get(f"/api/shots?{wrong}").status_code == 422, wrong
    assert client.get("/api/shots?after=shot_of_nobody").status_code == 404


def test_programs_read_a_shots_story_and_pictures(client: TestClient, shots: tuple[Shot, ...]) -> None:
    address = f"/api/shots/{shots[0].id}"
    told = client.get(address).json()
    assert [one["number"] for one in told["story"]["attempts"]] == [0, 1]
    assert told["card"]["state"] == "accepted"
    assert client.get(f"{address}/attempts/1/picture").content == b"picture 1"
    assert client.get(f"/api/shots/{shots[2].id}/attempts/0/picture").status_code == 404
    assert client.get(f"{address}/attempts/7/picture").status_code == 404
    assert client.post(f"{address}/reproduce", json={"attempt": 0}).status_code in (403, 503)
    key = {"authorization": "Bearer good-key"}
    refused = client.post(f"{address}/reproduce", json={"attempt": 0}, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (503, "core_missing")
    assert client.get("/api/renditions/rendition_of_nobody").status_code == 404


def test_a_file_is_downloaded_under_its_own_name(
    client: TestClient, catalog: Catalog, shots: tuple[Shot, ...], tmp_path: Path
) -> None:
    made = a_rendition(catalog.master_of(shots[0].id), file_name="MUG-01_主图.jpg")
    catalog.record_renditions([made])
    assert client.get(f"/api/renditions/{made.id}").status_code == 404
    folder = tmp_path / "exports" / "taobao"
    folder.mkdir(parents=True)
    (folder / made.file_name).write_bytes(b"\xff\xd8\xffjpeg")
    answer = client.get(f"/api/renditions/{made.id}")
    assert answer.content == b"\xff\xd8\xffjpeg"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"MUG-01___.jpg\"; filename*=UTF-8''MUG-01_%E4%B8%BB%E5%9B%BE.jpg"
    )
    assert "MUG-01_主图.jpg" in client.get(f"/shots/{shots[0].id}/files").text


def test_no_file_name_leaves_its_header() -> None:
    assert "\n" not in disposition('a"\r\nset-cookie: x')
    assert disposition("../../x").startswith('attachment; filename="_.._x"')


def test_an_address_is_read_as_it_is_written() -> None:
    asked = query_of({"search": "红 mug", "score_to": "0.9", "sort": "best"})
    assert asked.address() == "/gallery?score_to=0.9&search=%E7%BA%A2+mug&sort=best"
    assert asked.without("search").address() == "/gallery?score_to=0.9&sort=best"
    assert query_of({}).address() == "/gallery"


@pytest.mark.parametrize(
    "key", ["unsure", "claim.colour", "check.margin", "failure.core_busy", "defect.strange", "x.y"]
)
def test_every_kind_of_reason_has_words(key: str) -> None:
    for spoken in (EN, ZH):
        assert "_" not in reason_name(spoken, key)
        assert "{" not in reason_name(spoken, key)


def test_every_channel_and_failure_has_words() -> None:
    from zimage_core import errors
    from zimage_core.renditions import default_recipes

    codes = [
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.RenderError)
    ]
    for spoken in (EN, ZH):
        for channel in default_recipes().channels:
            assert f"channel.{channel}" in spoken.phrases
        for code in codes:
            assert code == "render_error" or f"failure.{code}" in spoken.phrases
