"""A person reviews twenty pictures by keyboard alone in a real browser; slow answers lose nothing."""

import io
import shutil
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image

from catalog import Catalog
from prompt_rules import RuleTables
from schemas import Outcome, settings_from
from studio.app import create_app
from studio.desk import Desk
from studio.nudges import NoNudge
from studio.sessions import Sessions
from studio.visitors import Door, Doorkeeper
from tests.factories import a_form, a_spec, an_attempt
from tests.studio.visiting import FewAccounts
from zimage_core.judging import default_policy
from zimage_core.renditions import default_recipes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed; Debian's chromium would do"),
]

WATCH = """
window.waits = [];
let began = null, before = null;
const shown = () => document.querySelector("article:not([hidden])");
addEventListener("keydown", () => { began = performance.now(); before = shown(); }, true);
addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    const now = shown(), start = began;
    if (start === null || !now || now === before) return;
    began = null;
    const image = now.querySelector(".viewer img");
    image.decode().then(() => requestAnimationFrame(() => requestAnimationFrame(
      () => window.waits.push(performance.now() - start))));
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["hidden"] });
});
"""
"""Notes for each key that brings another picture the time until that is decoded and painted."""


def png(shade: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((1024, 1024), 20 + shade).convert("RGB").save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.fixture
def waiting(catalog: Catalog) -> Catalog:
    """Twenty pictures of 1024 px that wait for a person."""
    shots = catalog.register("spring", [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(PICTURES)])
    for number, shot in enumerate(shots):
        catalog.record_attempt(an_attempt(shot, 0, Outcome.NEEDS_REVIEW), a_spec(), png(number))
    return catalog


@pytest.fixture
def address(tables: RuleTables, waiting: Catalog, tmp_path: Path) -> Iterator[str]:
    """A studio on a port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    desk = Desk(
        catalog=waiting,
        tables=tables,
        recipes=default_recipes(),
        policy=default_policy(),
        settings=settings_from({}),
        exports=tmp_path / "exports",
        thumbnails=tmp_path / "thumbnails",
        nudge=NoNudge(),
    )
    app = create_app(desk, Doorkeeper(Door.OPEN, FewAccounts(), Sessions("a secret")), {"127.0.0.1"})
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    """A page of a real browser; its console has to stay empty."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened = chromium.new_page(locale="en-GB")
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.add_init_script(WATCH)
        opened.goto(f"{address}/review")
        yield opened
        chromium.close()
        assert [one for one in complaints if "net::ERR_FAILED" not in one] == [], (
            "but for what a test cut off"
        )


def said(catalog: Catalog) -> list[Outcome]:
    return [
        review.outcome
        for told in catalog.shot_histories("spring")
        for review in catalog.reviews_of(told.shot.id)
    ]


def until(page: Any, expression: str) -> None:
    """Wait for something on the page; Playwright's own waiting needs eval, which the page forbids."""
    for _ in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"It never became true: {expression}")


def settled(page: Any) -> None:
    """Wait until everything that was decided has been sent."""
    until(page, "(localStorage.getItem('packshot-review-local') || '[]') === '[]'")


def test_twenty_pictures_by_keyboard_alone(page: Any, waiting: Catalog) -> None:
    for number in range(PICTURES):
        until(page, "document.querySelector('article:not([hidden])') !== null")
        if number % 3 == 2:
            page.keyboard.press("q")
            page.keyboard.press("r")
        else:
            page.keyboard.press("a")
        page.wait_for_timeout(700)
    settled(page)
    outcomes = said(waiting)
    assert (len(outcomes), outcomes.count(Outcome.REJECTED)) == (PICTURES, PICTURES // 3)
    assert page.is_visible("#nothing")
    waits = page.evaluate("window.waits")
    assert len(waits) >= PICTURES - 4
    print(f"picture to picture: median {statistics.median(waits):.0f} ms, longest {max(waits):.0f} ms")  # noqa: T201 - the figure


def test_a_slow_network_loses_and_doubles_nothing(page: Any, waiting: Catalog) -> None:
    fallen = {"left": 3}

    def route(call: Any) -> None:
        if fallen["left"]:
            fallen["left"] -= 1
            # The studio keeps the decision; only its answer is lost.
            call.fetch()
            call.abort()
        else:
            call.continue_()

    page.context.route("**/api/reviews", route)
    for _ in range(3):
        page.keyboard.press("a")
        page.wait_for_timeout(300)
    page.keyboard.press("u")
    page.keyboard.press("3")
    page.keyboard.press("r")
    settled(page)
    outcomes = said(waiting)
    assert sorted(outcomes) == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REJECTED]


def test_keys_leave_a_comment_alone_and_help_opens(page: Any, waiting: Catalog) -> None:
    page.keyboard.press("c")
    page.keyboard.type("a sad rug")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    assert not page.is_visible("#keys")
    assert said(waiting) == []
    page.keyboard.press("r")
    assert "at least one defect" in page.inner_text("#trouble")
    page.keyboard.press("z")
    assert page.evaluate("document.querySelector('.zoomed img').clientWidth") >= 1024
    page.keyboard.press("f")
    page.keyboard.press("a")
    settled(page)
    (told, *_) = waiting.shot_histories("spring")
    (review,) = waiting.reviews_of(told.shot.id)
    assert (review.comment, [one.code for one in review.defects]) == ("a sad rug", ["soft_focus"])
