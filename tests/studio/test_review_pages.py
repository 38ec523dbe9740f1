"""Reviewing and lots by plain forms, as a browser without scripts would, and by programs."""

import io
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from catalog import Catalog, Made, Review, ShotState
from schemas import Attempt, Outcome, Role, settings_from
from schemas.lot_plans import Sampling
from studio.accounts import CatalogAccounts
from studio.visitors import Door
from tests.factories import a_form, a_spec, an_attempt, some_scores
from tests.studio.visiting import Browser, quick_passwords, signed_in

JSON = {"accept": "application/json"}


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (128, 128), "red").save(out, "PNG")
    return out.getvalue()


def made(catalog: Catalog, count: int, outcome: Outcome = Outcome.ACCEPTED, by: str = "") -> list[Attempt]:
    forms = [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(count)]
    shots = catalog.submit("spring", forms, by=by).shots
    many = [Made(an_attempt(shot, 0, outcome), a_spec(), png(), None) for shot in shots]
    return list(catalog.record_attempts(many).attempts)


def fields_of(text: str) -> dict[str, str]:
    """The hidden fields of the first picture's form."""
    form = text.split('<form id="f-')[1]
    told = dict(re.findall(r'name="(csrf|decision|of_lot)" value="([^"]*)"', form.split("</form>")[0]))
    return {**told, "attempt": text.split('data-attempt="')[1].split('"', maxsplit=1)[0]}


@pytest.fixture
def reviewer(browser: Browser) -> TestClient:
    return signed_in(browser(Door.USERS), "reviewer")


def test_a_picture_stands_beside_what_was_asked_for(catalog: Catalog, reviewer: TestClient) -> None:
    made(catalog, 2, Outcome.NEEDS_REVIEW)
    text = reviewer.get("/review").text
    assert "2 wait for you" in text
    assert text.count("<article") == 2
    assert text.count("<article") - len(re.findall(r"<article[^>]*hidden", text)) == 1
    for words in ("MUG-0", "Colour", "red", "Wrong colour", '<link rel="preload"'):
        assert words in text
    assert "needs_review" not in text


def test_a_doubted_claim_is_marked(catalog: Catalog, reviewer: TestClient) -> None:
    (shot,) = catalog.register("spring", [a_form(shots=("scene",))])
    weak = an_attempt(shot, 0, Outcome.NEEDS_REVIEW, scores=some_scores(0.3))
    catalog.record_attempt(weak, a_spec(), png())
    text = reviewer.get("/review").text
    assert 'class="doubted"' in text
    assert "rather blue" in text


def test_accepting_by_a_plain_form_goes_on_and_can_be_undone(catalog: Catalog, reviewer: TestClient) -> None:
    first, second = made(catalog, 2, Outcome.NEEDS_REVIEW)
    fields = fields_of(reviewer.get("/review").text)
    answer = reviewer.post("/review", data={**fields, "outcome": "accepted"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/review?done={fields['decision']}")
    assert catalog.shot_state(first.shot_id) is ShotState.ACCEPTED
    text = reviewer.get(answer.headers["location"]).text
    assert "Undo my last decision" in text
    assert fields_of(text)["attempt"] == second.id
    back = reviewer.post("/review/undo", data={"decision": fields["decision"], "csrf": fields["csrf"]})
    assert catalog.shot_state(first.shot_id) is ShotState.NEEDS_REVIEW
    assert fields_of(reviewer.get(back.headers["location"]).text)["attempt"] == first.id


def test_another_attempt_may_become_the_master(catalog: Catalog, reviewer: TestClient) -> None:
    (shot,) = catalog.register("spring", [a_form(shots=("scene",))])
    weak = catalog.record_attempt(an_attempt(shot, 0, Outcome.REJECTED), a_spec(), png())
    catalog.record_attempt(an_attempt(shot, 1, Outcome.NEEDS_REVIEW), a_spec(), png() + b"2")
    fields = fields_of(reviewer.get("/review").text)
    reviewer.post("/review", data={**fields, "attempt": weak.id, "outcome": "accepted"})
    assert catalog.master_of(shot.id).attempt_id == weak.id


@pytest.mark.parametrize(
    ("outcome", "defects", "says"),
    [("rejected", [], "at least one defect"), ("accepted", ["wrong_colour"], "minor defects only")],
)
def test_a_verdict_that_says_too_little_is_asked_for_again(
    catalog: Catalog, reviewer: TestClient, outcome: str, defects: list[str], says: str
) -> None:
    (attempt,) = made(catalog, 1, Outcome.NEEDS_REVIEW)
    fields = fields_of(reviewer.get("/review").text)
    answer = reviewer.post("/review", data={**fields, "outcome": outcome, "defect": defects})
    assert answer.status_code == 422
    assert says in answer.text
    assert answer.text.count(" checked>") >= len(defects)
    assert catalog.reviews_of(attempt.shot_id) == ()


def test_putting_aside_empties_the_desk(catalog: Catalog, reviewer: TestClient) -> None:
    made(catalog, 1, Outcome.NEEDS_REVIEW)
    fields = fields_of(reviewer.get("/review").text)
    reviewer.post("/review/skip", data={"aside": fields["attempt"], "csrf": fields["csrf"]})
    text = reviewer.get("/review").text
    assert "You put 1 aside" in text
    reviewer.post("/review/again", data={"csrf": fields["csrf"]})
    assert "<article" in reviewer.get("/review").text


def test_rubbish_in_a_form_is_refused_in_a_sentence(catalog: Catalog, reviewer: TestClient) -> None:
    made(catalog, 1, Outcome.NEEDS_REVIEW)
    fields = fields_of(reviewer.get("/review").text)
    for wrong in ({"attempt": "x"}, {"outcome": "perhaps"}, {"defect": ["no_such"], "outcome": "rejected"}):
        answer = reviewer.post("/review", data={**fields, "outcome": "accepted", **wrong})
        assert 400 <= answer.status_code < 500
        assert 'role="alert"' in answer.text
    assert reviewer.get("/review?lot=lot_none").status_code == 404


def test_who_looks_second_is_not_told_what_the_first_said(catalog: Catalog, browser: Browser) -> None:
    made(catalog, 1)
    lot = catalog.draw_lot("spring", Sampling.SIMPLE, "olga", overlap=1.0)
    first, second = signed_in(browser(Door.USERS), "reviewer"), signed_in(browser(Door.USERS), "admin")
    fields = fields_of(first.get("/review").text)
    told = {**fields, "outcome": "rejected", "defect": ["banding"], "comment": "striped like a zebra"}
    assert first.post("/review", data=told).status_code == 303
    text = second.get(f"/review?lot={lot.id}").text
    assert "<article" in text
    assert "zebra" not in text


def test_a_lot_is_drawn_looked_at_and_closed(catalog: Catalog, reviewer: TestClient) -> None:
    made(catalog, 3)
    csrf = {"csrf": reviewer.headers["x-csrf-token"]}
    assert "no lots yet" in reviewer.get("/lots").text
    drawn = reviewer.post("/lots", data={**csrf, "campaign": "spring", "sampling": "simple"})
    page = drawn.headers["location"]
    assert "Not decided yet" in reviewer.get(page).text
    assert '<button class="first" disabled>' in reviewer.get(page).text
    assert reviewer.post(f"{page}/close", data=csrf).status_code == 409
    for _ in range(2):
        text = reviewer.get(f"/review?lot={page.removeprefix('/lots/')}").text
        if "<article" in text:
            reviewer.post(
                "/review", data={**fields_of(text), "outcome": "rejected", "defect": "wrong_product"}
            )
    assert "will be made again" in reviewer.get(page).text
    assert "Reject the lot and look at all of it" in reviewer.get(page).text
    reviewer.post(f"{page}/close", data=csrf)
    text = reviewer.get(page).text
    assert "the rest of it is looked at in" in text
    nothing = reviewer.post("/lots", data={**csrf, "campaign": "spring", "sampling": "simple"})
    assert nothing.status_code == 409
    assert "Nothing was made" in nothing.text
    assert "spring" in reviewer.get("/lots").text


def test_agreement_is_shown(catalog: Catalog, reviewer: TestClient) -> None:
    attempts = made(catalog, 40)
    lot = catalog.draw_lot("spring", Sampling.SIMPLE, "olga", overlap=1.0)
    known = {one.id for one in attempts}
    for turn, member in enumerate(lot.members):
        assert member.attempt_id in known
        for who in ("rosa", "tom"):
            outcome = Outcome.ACCEPTED if turn % 2 else Outcome.REJECTED
            catalog.record_review(
                Review(attempt_id=member.attempt_id, reviewer=who, outcome=outcome, lot=lot.id)
            )
    assert "Kappa 1.00" in reviewer.get(f"/lots/{lot.id}").text
    assert "Kappa 1.00" in reviewer.get("/lots").text


def test_programs_review_too(catalog: Catalog, reviewer: TestClient) -> None:
    (attempt,) = made(catalog, 1, Outcome.NEEDS_REVIEW)
    (told,) = reviewer.post("/api/reviews/next?limit=3", headers=JSON).json()
    assert (told["attempt"], told["sku"], told["asked"]["Colour"]) == (attempt.id, "MUG-0", "red")
    sent = {"id": "program-1", "attempt": attempt.id, "outcome": "rejected", "defects": ["wrong_colour"]}
    for _ in range(2):
        answer = reviewer.post("/api/reviews", json=sent, headers=JSON)
        wanted = {"id": "program-1", "shot": attempt.shot_id, "state": "unfinished", "again": True}
        assert answer.json() == wanted
    assert len(catalog.reviews_of(attempt.shot_id)) == 1
    other = {**sent, "outcome": "accepted", "defects": []}
    assert reviewer.post("/api/reviews", json=other, headers=JSON).json()["code"] == "key_reused"
    assert reviewer.delete("/api/reviews/program-1", headers=JSON).json()["state"] == "needs_review"
    assert reviewer.delete("/api/reviews/program-9", headers=JSON).status_code == 404
    skip = reviewer.post("/api/reviews/skips", json={"attempt": attempt.id}, headers=JSON)
    assert skip.status_code == 204
    assert reviewer.post("/api/reviews/next", headers=JSON).json() == []


def test_programs_draw_and_close_lots(catalog: Catalog, reviewer: TestClient) -> None:
    made(catalog, 2)
    story = reviewer.post("/api/lots", json={"campaign": "spring"}, headers=JSON)
    assert story.status_code == 201
    lot = story.json()["lot"]
    assert (lot["sampling"], lot["sample"], story.json()["count"]["proposal"]) == ("simple", 1, "wait")
    assert reviewer.post(f"/api/lots/{lot['id']}/close", headers=JSON).status_code == 409
    (told,) = reviewer.post(f"/api/reviews/next?lot={lot['id']}", headers=JSON).json()
    sent = {"id": "program-2", "attempt": told["attempt"], "outcome": "accepted", "lot": lot["id"]}
    reviewer.post("/api/reviews", json=sent, headers=JSON)
    closed = reviewer.post(f"/api/lots/{lot['id']}/close", headers=JSON).json()
    assert closed["lot"]["state"] == "accepted"
    assert [one["id"] for one in reviewer.get("/api/lots?campaign=spring", headers=JSON).json()] == [
        lot["id"]
    ]
    assert reviewer.get(f"/api/lots/{lot['id']}", headers=JSON).json() == closed
    assert reviewer.get("/api/lots/lot_" + "0" * 24, headers=JSON).status_code == 404
    assert reviewer.post("/api/lots", json={"campaign": "spring"}, headers=JSON).status_code == 409


def test_an_operator_reviews_nothing(catalog: Catalog, browser: Browser) -> None:
    made(catalog, 1, Outcome.NEEDS_REVIEW)
    client = signed_in(browser(Door.USERS), "operator")
    for address in ("/review", "/lots", "/api/lots"):
        assert client.get(address).status_code == 403
    assert client.post("/api/reviews/next", headers=JSON).status_code == 403


def test_a_key_that_may_only_read_takes_nothing_onto_a_desk(catalog: Catalog, browser: Browser) -> None:
    made(catalog, 1, Outcome.NEEDS_REVIEW)
    key = catalog.issue_key("watcher", Role.REVIEWER, "test", scopes=("read",)).secret
    client = browser(Door.USERS, accounts=CatalogAccounts(catalog, quick_passwords()))
    answer = client.post("/api/reviews/next", headers={**JSON, "authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_four_eyes_hold_for_pages_and_programs(catalog: Catalog, reviewer: TestClient) -> None:
    (attempt,) = made(catalog, 1, Outcome.NEEDS_REVIEW, by="reviewer")
    app: FastAPI = reviewer.app  # type: ignore[assignment]  # the one that the fixture made
    app.state.desk.settings = settings_from({"PACKSHOT_STUDIO__FOUR_EYES": "true"})
    assert "Nothing waits for you" in reviewer.get("/review").text
    assert reviewer.post("/api/reviews/next", headers=JSON).json() == []
    sent = {"id": "own-work-1", "attempt": attempt.id, "outcome": "accepted"}
    answer = reviewer.post("/api/reviews", json=sent, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "own_work")
    assert catalog.shot_state(attempt.shot_id) is ShotState.NEEDS_REVIEW
