"""Every page in both languages, light and dark, wide and on a phone: axe finds nothing serious, nothing overflows."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from flows.line import satisfy
from flows.services import open_records, services_with
from schemas import RenderJob, Role, settings_from
from schemas.lot_plans import Sampling
from tests.factories import a_form
from tests.studio.chromium import CHROMIUM, NO_CHROMIUM, Complaints, chromium
from tests.studio.routes import every_route
from tests.studio.serving import studio_at
from zimage_core.fake_core import FakeCore

SAMPLES = {
    "/": ("/?range=7d",),
    "/audit": ("/audit",),
    "/campaigns": ("/campaigns",),
    "/campaigns/new": ("/campaigns/new",),
    "/campaigns/{name}": ("/campaigns/spring",),
    "/campaigns/{name}/cancel": ("/campaigns/spring/cancel",),
    "/campaigns/{name}/compare": ("/campaigns/spring/compare?other=autumn",),
    "/campaigns/{name}/run": ("/campaigns/spring/run",),
    "/deliveries": ("/deliveries",),
    "/docs": ("/docs",),
    "/forms/drafts": ("/forms/drafts",),
    "/forms/new": ("/forms/new?sku=CMD-1",),
    "/forms/{campaign}/{sku}": ("/forms/spring/CMD-1",),
    "/gallery": ("/gallery", "/gallery?state=dead"),
    "/keys": ("/keys",),
    "/lots": ("/lots",),
    "/lots/{lot_id}": ("/lots/{lot}",),
    "/password": ("/password",),
    "/people": ("/people",),
    "/review": ("/review",),
    "/rules": ("/rules",),
    "/rules/try": ("/rules/try",),
    "/rules/versions": ("/rules/versions",),
    "/rules/versions/diff": ("/rules/versions/diff?old={tables}&new={tables}",),
    "/rules/{rule_id}": ("/rules/background.wood",),
    "/schedules/{name}/delete": ("/schedules/weekly/delete",),
    "/shots/{shot_id}": ("/shots/{shot}",),
    "/shots/{shot_id}/files": ("/shots/{shot}/files",),
    "/sign-in": ("/sign-in",),
    "/webhooks": ("/webhooks",),
}
"""Addresses of each page; a new page has to be added here."""

NO_PAGES = re.compile(
    r"/api/.*|/healthz|/readyz|/metrics|/openapi.json|.*\.(csv|xlsx|zip)|/pictures/.*|/thumbnails/.*|.*/events"
    r"|/campaigns/sheets/.*|.*/progress|/forms/skus|/review/more"
)
"""Addresses that answer with files, JSON, streams or parts of a page."""

CHECKS = {
    "one h1": "document.querySelectorAll('h1').length === 1",
    "a title before the product's name": "/^.+ · Packshot$/.test(document.title)",
    "text for every picture": "[...document.images].every(image => image.hasAttribute('alt'))",
    "no sideways scrolling": "document.documentElement.scrollWidth <= document.documentElement.clientWidth",
    "nothing taken out of the order of tabs": '!document.querySelector(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\')',
}


def pages() -> list[str]:
    """List the paths of all routes that answer with a page."""
    return sorted(
        {
            route.path
            for route in every_route()
            if route.method == "GET" and not NO_PAGES.fullmatch(route.path)
        }
    )


def test_every_page_has_a_sample() -> None:
    assert pages() == sorted(SAMPLES), "each page needs an address here; what is no page is in NO_PAGES"


def _doubtful(job: RenderJob) -> float:
    """Find every third picture not sure enough."""
    return 0.97 if job.seed % 3 else 0.5


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A small filled studio with its door open: its address, and the ids that addresses need."""
    workspace = tmp_path_factory.mktemp("workspace")
    with open_records(settings_from({}), workspace) as records:
        tables, catalog = records.tables.fingerprint, records.catalog
        services = services_with(settings_from({}), records, FakeCore(_doubtful))
        forms = [a_form(sku="CMD-1"), a_form(), a_form(sku="CUP-2")]
        for campaign in ("spring", "autumn"):
            for one in catalog.submit(campaign, forms, by="ada").shots[:-1]:
                satisfy(one, services)
        lot = catalog.draw_lot("spring", Sampling.SIMPLE, "rosa")
        shot = catalog.shot_histories("spring")[1].shot
        catalog.put_schedule("weekly", "0 9 * * 1", "Asia/Shanghai", [shot.form], "ada")
        catalog.issue_key("shop", Role.OPERATOR, "ada")
        catalog.keep_draft("0" * 24, "local", "a mug", {"sku": "A-1", "title": "Mug"})
        catalog.add_endpoint("https://shop.example/hook", "whsec_c2FtcGxl", "ada")
    with studio_at(workspace) as address:
        yield {"address": address, "lot": lot.id, "shot": shot.id, "tables": tables}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
@pytest.mark.parametrize("path", sorted(SAMPLES))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_serious_is_found(browser: Any, names: dict[str, str], path: str, language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    address = names["address"]
    context = browser.new_context(locale={"en": "en-GB", "zh": "zh-CN"}[language])
    context.add_cookies([{"name": "language", "value": language, "url": address}])
    page = context.new_page()
    complaints = Complaints(urlsplit(address).netloc)
    complaints.watch(page)
    found: list[str] = []
    for sample in SAMPLES[path]:
        page.goto(address + sample.format(**names))
        assert page.get_attribute("html", "lang") == {"en": "en", "zh": "zh-Hans"}[language]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in (1300, 420):
                page.set_viewport_size({"width": width, "height": 900})
                where = f"{sample} {scheme} {width}"
                found += [f"{where}: {what}" for what in faults(page)]
                found += [f"{where}: {what}" for what in serious(Axe().run(page).response)]
    context.close()
    assert (found, complaints.found) == ([], [])


def faults(page: Any) -> list[str]:
    return [f"it lacks {name}" for name, holds in CHECKS.items() if not page.evaluate(holds)]


def serious(told: dict[str, Any]) -> list[str]:
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in told["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
