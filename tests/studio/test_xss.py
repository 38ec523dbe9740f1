"""Nothing that people or programs write into any field is ever run: every page, in a real browser."""

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Dialog, Page, sync_playwright

from catalog import Catalog, Defect, Review, Severity
from schemas import Outcome, Role, Shot, TraceEntry, Verdict
from tests.factories import a_form, a_spec, an_attempt
from tests.studio.payloads import PAYLOADS
from tests.studio.routes import every_route
from tests.studio.visiting import Browser

CHROMIUM = shutil.which("chromium")
HERE = "127.0.0.1"
AT_ONCE = 10
"""Payloads in each list of a form."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed; Debian's chromium would do"),
]

WATCH = """
window.__broken = [];
document.addEventListener("securitypolicyviolation", (event) => {
  if (/script|object|base|form|frame|connect/.test(event.effectiveDirective)) window.__broken.push(event.effectiveDirective);
});
"""


def hostile_shots(catalog: Catalog) -> list[Shot]:
    """Twenty products whose every text is a payload, each of the 200 in some field of some product."""
    shots = []
    for start in range(0, len(PAYLOADS), AT_ONCE):
        texts = PAYLOADS[start : start + AT_ONCE]
        form = a_form(
            sku=f"MUG-{start}", title=texts[0], selling_points=texts[1:8], copy_text=texts[:8],
            must_have=texts[:5], must_not=texts[5:], shots=("scene", "poster"),
        )  # fmt: skip
        catalog.submit("spring", [form], by=texts[1])
        shots += [Shot(campaign="spring", form=form, shot_type=kind) for kind in form.shots]
    return shots


def fill(catalog: Catalog) -> dict[str, str]:
    """Write payloads wherever the catalog takes a text; return what stands for the parts of addresses."""
    shots = hostile_shots(catalog)
    for number, (shot, text) in enumerate(zip(shots, PAYLOADS, strict=False)):
        outcome = (Outcome.ACCEPTED, Outcome.NEEDS_REVIEW, Outcome.REJECTED)[number % 3]
        verdict = Verdict(outcome=outcome, reasons=(text,), gate=0.85)
        spec = a_spec(
            text=text, trace=(TraceEntry(slot="subject", op="add", rule=text, words=text, why=text),)
        )
        attempt = catalog.record_attempt(an_attempt(shot, verdict=verdict, spec=spec), spec, text.encode())
        if outcome is Outcome.NEEDS_REVIEW:
            found = (Defect(code="wrong_colour", severity=Severity.MAJOR),)
            reviewed = Review(
                attempt_id=attempt.id,
                reviewer=text[:90],
                outcome=Outcome.ACCEPTED,
                comment=text,
                defects=found,
            )
            if number % 2:
                catalog.record_review(reviewed)
    for number, text in enumerate(PAYLOADS):
        catalog.keep_draft(f"draft{number}", "local", text, {"title": text, "sku": text, "copy_text": [text]})
        if number < 60:
            catalog.put_user(text[:90], Role.OPERATOR, text)
            catalog.issue_key(text[:90], Role.OPERATOR, text, scopes=(text[:40],))
            catalog.add_endpoint(f"https://shop.example.com/{text}", "whsec_1", text)
            catalog.keep_template(text, text, "mug", {"title": text})
    for endpoint in catalog.endpoints()[:30]:
        catalog.tell_test(endpoint.id, PAYLOADS[0])
    for delivery in catalog.claim_deliveries("sender", 10):
        catalog.undelivered(delivery, PAYLOADS[delivery.fence], 60, None)
    return {"shot_id": shots[0].id, "name": "spring", "campaign": "spring", "sku": shots[0].form.sku}


def addresses(parts: dict[str, str], shots: list[str]) -> list[str]:
    """Every page that a browser may be sent to, each shot, and further pages of the lists."""
    pages = []
    for route in every_route():
        if route.method != "GET" or route.path.startswith(
            ("/api/", "/metrics", "/openapi", "/campaigns/sheets")
        ):
            continue
        if route.path.endswith((".csv", ".zip", ".xlsx", "/events", "/run")) or "{sha}" in route.path:
            continue
        address = route.path
        for name, value in parts.items():
            address = address.replace(f"{{{name}}}", value)
        pages.append(address)
    pages += [f"/shots/{shot}" for shot in shots]
    pages += [f"/gallery?page={number}" for number in (2, 3)]
    pages += [f"/{page}?{field}={text}" for text in PAYLOADS[:3] + PAYLOADS[60:63] for page, field in (
        ("gallery", "q"), ("audit", "actor"), ("forms/new", "sku"), ("deliveries", "state"), ("sign-in", "next"),
        ("rules", "q"), ("campaigns", "q"), ("review", "campaign"), ("gallery", "campaign"),
    )]  # fmt: skip
    return [address for address in dict.fromkeys(pages) if "{" not in address.partition("?")[0]]


@pytest.fixture
def served(browser: Browser) -> Iterator[str]:
    """The address of an open studio on a port of its own."""
    config = uvicorn.Config(browser(hosts=(HERE,)).app, host=HERE, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield f"http://{HERE}:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_two_hundred_scripts_in_every_field_run_nowhere(served: str, catalog: Catalog) -> None:
    assert len(set(PAYLOADS)) == 200
    parts = fill(catalog)
    shots = [shot.id for shot in hostile_shots(catalog)]
    trouble: list[str] = []
    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page()
        page.add_init_script(WATCH)
        page.on("dialog", lambda dialog: _dismissed(dialog, trouble))
        page.on("console", lambda told: trouble.extend(_said(told, page.url)))
        page.on("pageerror", lambda error: trouble.append(f"{error} at {page.url}"))
        page.on("request", lambda sent: trouble.extend(_went_out(sent.url, served)))
        visited = [_visit(page, served + address, trouble) for address in addresses(parts, shots[::2])]
        chromium.close()
    assert trouble == []
    assert sum(visited) > 60


def _visit(page: Page, address: str, trouble: list[str]) -> bool:
    """Open a page and poke at what a payload would hide behind; return whether it was a page at all."""
    answer = page.goto(address, wait_until="load")
    status = answer.status if answer else 0
    if status >= 500:
        trouble.append(f"{status} at {address}")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    ran: Any = page.evaluate("[window.__xss, ...window.__broken]")
    if any(ran):
        trouble.append(f"{ran} at {address}")
    return status == 200


def _dismissed(dialog: Dialog, trouble: list[str]) -> None:
    trouble.append(f"a dialog says {dialog.message}")
    dialog.dismiss()


def _said(told: Any, where: str) -> list[str]:
    """Return what the console says was wrong, besides pictures and pages that are not there."""
    wrong = told.type == "error" and not told.text.startswith("Failed to load resource")
    return [f"{told.text} at {where}"] if wrong else []


def _went_out(url: str, served: str) -> list[str]:
    return [] if url.startswith((served, "data:", "blob:")) else [f"asked {url[:200]}"]
