"""After submitting, each shot is seen on its way to its pictures."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from catalog import Catalog
from catalog.products import ProductShot, TryState
from schemas import Outcome, Shot, ShotType, Variant
from studio.live_pages import router
from studio.progress import FINAL, ProductProgress, Stage, may_be_at_work, progress_of
from studio.watching import Watch, event
from tests.factories import a_form, a_rendition, a_spec, an_attempt
from tests.studio.visiting import BROWSER, Browser, token_of
from zimage_core.judging import default_policy
from zimage_core.renditions import default_recipes

PAGE = "/forms/spring/MUG-RED-01"
AMAZON = {"channels": ("amazon",), "shots": (ShotType.WHITE_MAIN,)}


@pytest.fixture
def shot(catalog: Catalog) -> Shot:
    (only,) = catalog.register("spring", [a_form(**AMAZON)])
    return only


def accepted(catalog: Catalog, shot: Shot, *, files: bool = True) -> str:
    catalog.record_attempt(an_attempt(shot, 0, Outcome.REJECTED), a_spec(), b"first")
    catalog.record_attempt(an_attempt(shot, 1), a_spec(), b"second")
    master = catalog.master_of(shot.id)
    if files:
        slots = default_recipes().for_shot(shot.form.channels, shot.shot_type)
        catalog.record_renditions([a_rendition(master, slot.slot) for slot in slots])
    return master.picture


def stage_of(catalog: Catalog, shot: Shot) -> Stage:
    (one,) = progress_of(
        catalog.product_shots("spring", shot.form.sku), shot.form, default_policy(), default_recipes()
    ).shots
    return one.stage


def test_a_shot_moves_through_its_stages(catalog: Catalog, shot: Shot) -> None:
    assert stage_of(catalog, shot) is Stage.WAITING
    leases = catalog.claim("spring", "worker", 1)
    assert stage_of(catalog, shot) is Stage.MAKING
    catalog.release(leases)
    accepted(catalog, shot, files=False)
    assert stage_of(catalog, shot) is Stage.FILES
    master = catalog.master_of(shot.id)
    for slot in default_recipes().for_shot(shot.form.channels, shot.shot_type):
        catalog.record_renditions([a_rendition(master, slot.slot)])
    assert stage_of(catalog, shot) is Stage.DONE


def test_a_run_that_holds_no_lease_is_told_by_prefect(catalog: Catalog, shot: Shot) -> None:
    shots = catalog.product_shots("spring", shot.form.sku)
    assert may_be_at_work(shots)
    (one,) = progress_of(shots, shot.form, default_policy(), default_recipes(), at_work=True).shots
    assert (one.stage, one.number, one.asks) == (Stage.MAKING, 1, Variant.TURBO)
    accepted(catalog, shot)
    assert not may_be_at_work(catalog.product_shots("spring", shot.form.sku))


def test_a_person_or_an_end_is_final(catalog: Catalog, shot: Shot) -> None:
    catalog.record_attempt(an_attempt(shot, 0, Outcome.NEEDS_REVIEW), a_spec(), b"unsure")
    assert stage_of(catalog, shot) is Stage.REVIEW
    catalog.cancel("spring", "ann")
    assert stage_of(catalog, shot) in FINAL


def test_the_page_tells_of_attempts_scores_and_what_comes_next(
    browser: Browser, catalog: Catalog, shot: Shot
) -> None:
    catalog.record_attempt(an_attempt(shot, 0, Outcome.REJECTED), a_spec(), b"first")
    text = browser().get(PAGE).text
    for said in ("Attempt 1 on Turbo:", "rejected", "0.97", "Attempt 2 is being made", "0 of 1 shots"):
        assert said in text
    assert f"/shots/{shot.id}" in text
    assert f'sse-connect="{PAGE}/events"' in text
    assert 'http-equiv="refresh"' in text


def test_a_finished_page_shows_pictures_and_follows_nothing(
    browser: Browser, catalog: Catalog, shot: Shot
) -> None:
    picture = accepted(catalog, shot)
    text = browser().get(PAGE).text
    assert f"/thumbnails/320/{picture}" in text
    assert "Finished: 1 of 1 shots" in text
    assert "sse-connect" not in text
    assert 'http-equiv="refresh"' not in text


def test_only_the_latest_form_is_shown_and_earlier_ones_are_told(
    browser: Browser, catalog: Catalog, shot: Shot
) -> None:
    catalog.register("spring", [a_form(**AMAZON, colour="blue")])
    text = browser().get(PAGE).text
    assert "have 1 more shots" in text
    assert shot.id not in text


@pytest.mark.parametrize(
    "address", ["/forms/spring/NOBODY", "/forms/nowhere/MUG-RED-01", "/forms/spring/NOBODY/events"]
)
def test_an_unknown_product_is_not_found(browser: Browser, shot: Shot, address: str) -> None:
    assert shot
    assert browser().get(address).status_code == 404


def test_the_stream_ends_when_all_shots_have_come_to_their_end(
    browser: Browser, catalog: Catalog, shot: Shot
) -> None:
    picture = accepted(catalog, shot)
    answer = browser().get(f"{PAGE}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("event: shots\ndata: ")
    assert picture in answer.text
    assert answer.text.endswith("event: done\ndata: \n\n")


def test_the_stream_for_programs_tells_json(browser: Browser, catalog: Catalog, shot: Shot) -> None:
    picture = accepted(catalog, shot)
    text = browser().get(f"/api{PAGE}/events").text
    state = json.loads(text.split("data: ")[1].split("\n")[0])
    assert (state["final"], state["shots"][0]["picture"]) == (True, picture)


def test_markup_in_an_event_stays_in_its_lines() -> None:
    assert (
        event("shots", "a\nevent: done\n\nb")
        == "event: shots\ndata: a\ndata: event: done\ndata: \ndata: b\n\n"
    )


class Numbers:
    """Counts how often it is looked at; ends at `last`."""

    def __init__(self, last: int) -> None:
        self.looks = 0
        self._last = last

    def look(self, _: str) -> int:
        self.looks += 1
        return min(self.looks, self._last)

    def ended(self, number: int) -> bool:
        return number >= self._last


async def heard(watch: Watch[str, int]) -> list[int | None]:
    return [number async for number in watch.follow("mug")]


def test_one_look_serves_all_listeners() -> None:
    numbers = Numbers(4)
    watch = Watch(numbers.look, numbers.ended, poll_s=0.01)

    async def both() -> list[list[int | None]]:
        return await asyncio.gather(heard(watch), heard(watch), heard(watch))

    told = asyncio.run(both())
    assert {one[-1] for one in told} == {4}
    assert numbers.looks == 4
    assert watch.listeners == 0


def test_nothing_is_looked_at_once_everybody_has_left() -> None:
    numbers = Numbers(10**9)
    watch = Watch(numbers.look, numbers.ended, poll_s=0.001)

    async def leave_after_three() -> int:
        following = watch.follow("mug")
        for _ in range(3):
            await anext(following)
        await following.aclose()  # type: ignore[attr-defined]  # it is a generator
        looks = numbers.looks
        await asyncio.sleep(0.05)
        return numbers.looks - looks

    assert asyncio.run(leave_after_three()) <= 1
    assert watch.listeners == 0


def test_a_look_that_breaks_ends_the_stream() -> None:
    def broken(_: str) -> int:
        raise ZeroDivisionError

    watch = Watch(broken, lambda _: False, poll_s=0.01)

    async def with_its_error() -> list[int | None]:
        following = asyncio.create_task(heard(watch))
        return await asyncio.wait_for(following, 5)

    assert asyncio.run(with_its_error()) == []
    assert watch.listeners == 0


def test_silence_is_broken_by_signs_of_life() -> None:
    watch = Watch(lambda _: 1, lambda _: False, poll_s=0.001, heartbeat_s=0.01)

    async def until_silence() -> list[int | None]:
        told: list[int | None] = []
        async for number in watch.follow("mug"):
            told.append(number)
            if number is None and 1 in told:
                break
        return told

    told = asyncio.run(until_silence())
    assert (told.count(1), told[-1]) == (1, None)


def test_there_is_an_end_to_how_many_may_watch(browser: Browser, shot: Shot) -> None:
    client = browser()
    client.app.state.product_watch = Watch(lambda _: 1, lambda _: False, most=0)  # type: ignore[attr-defined]  # ours
    answer = client.get(f"{PAGE}/events", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.json()["code"], shot.campaign) == (503, "too_many_streams", "spring")


def test_the_picture_of_a_rejected_attempt_is_shown_until_there_is_a_better() -> None:
    def told() -> Iterator[TryState]:
        for number, picture in enumerate((None, "a" * 64)):
            yield TryState.model_validate(
                {"number": number, "variant": Variant.TURBO, "made_at": "2026-11-20T12:00:00Z", "picture": picture,
                 "p_accept": None, "outcome": None, "failure": None}
            )  # fmt: skip

    form = a_form(**AMAZON)
    shot = ProductShot.model_validate(
        {"id": "s", "shot_type": "white_main", "form": form.fingerprint, "state": "unfinished", "leased": False,
         "tries": tuple(told()), "master": None, "files": 0}
    )  # fmt: skip
    known: ProductProgress = progress_of([shot], form, default_policy(), default_recipes())
    assert (known.shots[0].picture, known.shots[0].number, known.final) == ("a" * 64, 3, False)


def test_a_submitted_form_can_be_watched_at_once(browser: Browser) -> None:
    client = browser()
    sent = {
        **a_form(**AMAZON).model_dump(mode="json", exclude_none=True),
        "csrf": token_of(client),
        "campaign": "spring",
    }
    answer = client.post("/forms", data=sent, headers=BROWSER)
    assert "Waiting for its turn" in client.get(answer.headers["location"]).text
    assert router.routes
