"""Staff at work in a real browser, against a real studio process and the real line around a fake core."""

import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog import Catalog
from flows.line import due, satisfy
from flows.services import Records, open_records, services_with
from schemas import Outcome, RenderJob, Role, settings_from
from studio.accounts import CatalogAccounts
from tests.factories import a_form
from tests.studio.chromium import CHROMIUM, NO_CHROMIUM, Complaints, chromium, sign_in
from tests.studio.serving import studio_at
from zimage_core.fake_core import FakeCore

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]

PASSWORD = "a walk along the river"  # noqa: S105 - it opens nothing but this test
OPERATOR, REVIEWER, ADMIN = "olga", "rosa", "ada"
HEADER = "sku,title,category,colour,material,background,shots,channels"
GOOD = "A{n},Mug,mug,red,ceramic,wood,white_main,taobao|amazon"
BAD = "\n".join(
    (
        HEADER,
        GOOD.format(n=1),
        GOOD.format(n=2).replace(",mug,", ",mugg,"),
        GOOD.format(n=3).replace("taobao", "taobo"),
        GOOD.format(n=4).replace("A4", "A 4"),
    )
)
FIXED = "\n".join((HEADER, *(GOOD.format(n=n) for n in (1, 2, 3, 4))))
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with three people."""
    folder = tmp_path_factory.mktemp("workspace")
    with open_records(settings_from({}), folder) as records:
        accounts = CatalogAccounts(records.catalog)
        for name, role in ((OPERATOR, Role.OPERATOR), (REVIEWER, Role.REVIEWER), (ADMIN, Role.ADMIN)):
            accounts.add(name, role, PASSWORD, "test")
    return folder


@pytest.fixture(scope="module")
def records(workspace: Path) -> Iterator[Records]:
    with open_records(settings_from({}), workspace) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(workspace: Path) -> Iterator[str]:
    with studio_at(workspace) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open a page as somebody; nothing may go wrong behind it, but for what the test allows."""
    complaints = Complaints(urlsplit(address).netloc)
    contexts = []

    def opened(name: str, allowed: tuple[int, ...] = (), **options: Any) -> Any:
        complaints.allowed.update(allowed)
        contexts.append(browser.new_context(locale="en-GB", **options))
        page = contexts[-1].new_page()
        complaints.watch(page)
        sign_in(page, address, name, PASSWORD)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints.found == []


@contextmanager
def line(records: Records, campaign: str, p_accept: float = 0.97) -> Iterator[None]:
    """Let the line make whatever `campaign` asks for meanwhile, one shot after the other."""
    stop = threading.Event()

    def score(_: RenderJob) -> float:
        return p_accept

    def work() -> None:
        services = services_with(settings_from({}), records, FakeCore(score))
        while not stop.wait(0.2):
            named = {known.name for known in records.catalog.campaigns()}
            for shot in due(campaign, records) if campaign in named else ():
                satisfy(shot, services)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(PATIENCE_S)


def until(page: Any, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"it never came: {page.url}\n{page.inner_text('main')}"
        page.wait_for_timeout(200)


def fill_form(page: Any, address: str, campaign: str) -> None:
    page.goto(f"{address}/forms/new")
    page.fill("input[name=campaign]", campaign)
    page.fill("form#product-form input[name=sku]", "MUG-RED-77")
    page.fill("input[name=title]", "Red mug")
    page.select_option("select[name=category]", "mug")
    page.select_option("select[name=colour]", "red")
    for name, value in (("shots", "detail"), ("shots", "scene"), ("channels", "taobao")):
        page.check(f"input[name={name}][value={value}]")


def test_a_submitted_form_shows_its_pictures_without_a_reload(
    visit: Callable[..., Any], records: Records, address: str
) -> None:
    page = visit(OPERATOR)
    fill_form(page, address, "live")
    until(page, lambda: "Red" in page.inner_text("#preview") or "red" in page.inner_text("#preview"))
    page.click("button.first")
    page.wait_for_url("**/forms/live/MUG-RED-77")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    assert page.locator("main img").count() == 0
    with line(records, "live"):
        until(page, lambda: page.locator("main img").count() == 2)
        until(page, lambda: "Finished: 2 of 2" in page.inner_text("main"))
    assert loads == []


def test_without_javascript_a_refresh_shows_the_pictures(
    visit: Callable[..., Any], records: Records, address: str
) -> None:
    page = visit(OPERATOR, java_script_enabled=False)
    fill_form(page, address, "plain")
    page.click("button.first")
    page.wait_for_url("**/forms/plain/MUG-RED-77")
    with line(records, "plain"):
        until(page, lambda: page.reload() is not None and page.locator("main img").count() == 2)


def test_a_sheet_with_three_bad_cells_is_mended_and_run(
    visit: Callable[..., Any], records: Records, address: str
) -> None:
    page = visit(OPERATOR)
    check_sheet(page, address, BAD)
    rows = page.locator("table.problems tbody tr")
    assert rows.count() == 3
    assert "mugg" in rows.nth(0).inner_text()
    with page.expect_download() as taken:
        page.click("a[href*='/errors']")
    marked = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert (
        len(marked),
        sum(len(row) > len(bad) + 2 for row, bad in zip(marked, BAD.split("\n"), strict=True)),
    ) == (
        5,
        4,
    )
    check_sheet(page, address, FIXED)
    assert rows.count() == 0
    page.fill("input[name=name]", "mended")
    page.click("form.order button.first")
    page.wait_for_url("**/campaigns/mended")
    with line(records, "mended"):
        until(page, lambda: "4 of 4" in page.inner_text("#progress"))


def check_sheet(page: Any, address: str, text: str) -> None:
    page.goto(f"{address}/campaigns/new")
    page.set_input_files("#file", {"name": "sheet.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.click("main button.first")
    page.wait_for_url("**/campaigns/new?sheet=*")


def test_a_channels_zip_is_taken_and_opens(visit: Callable[..., Any], records: Records, address: str) -> None:
    records.catalog.submit("zipped", [a_form(sku="ZIP-1", shots=("white_main",), channels=("taobao",))])
    page = visit(OPERATOR)
    page.goto(f"{address}/campaigns/zipped")
    with line(records, "zipped"):
        until(page, lambda: "1 of 1" in page.inner_text("#progress"))
    with page.expect_download() as taken:
        page.click("a[href$='/taobao.zip']")
    with zipfile.ZipFile(Path(taken.value.path())) as archive:
        assert archive.testzip() is None
        assert any(name.endswith((".jpg", ".png", ".webp")) for name in archive.namelist())


def test_the_language_is_switched_and_stays(visit: Callable[..., Any], address: str) -> None:
    page = visit(OPERATOR)
    page.goto(f"{address}/campaigns")
    page.click("button[name=language]")
    until(page, lambda: page.get_attribute("html", "lang") == "zh-Hans")
    assert urlsplit(page.url).path == "/campaigns"
    page.goto(f"{address}/gallery")
    assert page.get_attribute("html", "lang") == "zh-Hans"


def test_twenty_pictures_are_reviewed_by_keyboard(
    visit: Callable[..., Any], records: Records, address: str
) -> None:
    forms = [a_form(sku=f"EYE-{n}", shots=("white_main",), channels=("taobao",)) for n in range(20)]
    shots = records.catalog.submit("eyes", forms).shots
    services = services_with(settings_from({}), records, FakeCore(lambda _: 0.5))
    for shot in shots:
        satisfy(shot, services)
    page = visit(REVIEWER)
    page.goto(f"{address}/review?campaign=eyes")
    for number in range(20):
        until(page, lambda: page.locator("article:not([hidden])").count() == 1)
        for key in ("q", "r") if number % 5 == 4 else ("a",):
            page.keyboard.press(key)
        page.wait_for_timeout(500)
    until(page, lambda: len(said(records.catalog, [shot.id for shot in shots])) == 20)
    assert said(records.catalog, [shot.id for shot in shots]).count(Outcome.REJECTED) == 4


def said(catalog: Catalog, shot_ids: list[str]) -> list[Outcome]:
    return [review.outcome for shot_id in shot_ids for review in catalog.reviews_of(shot_id)]
