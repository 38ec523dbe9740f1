"""Pictures of every page of the studio in both languages, for docs/studio/.

Run in the root: python -m benchmarks.studio_pictures [--workspace DEMO] [--only NAME] [--out DIR]

DEMO is what `packshot demo` made; without it the demo is made first, which takes some minutes. It is copied
and filled with a week's campaigns, people and reviews, a real `packshot studio` serves the copy beside a real
core, and Chromium visits it as an admin. Pages are 1300 px wide, those of a phone 420.
"""

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.studio_sample import ADMIN, DEMO, FULL, HALF, PASSWORD, RUNNING, fill
from catalog import AssetStore, Catalog, ShotState
from packshot.core_process import own_core
from packshot.locations import EXAMPLE_FORMS
from tests.studio.chromium import chromium, sign_in
from tests.studio.serving import studio_at

OUT = Path("docs/studio")
MOST_BYTES = 150_000
"""Of one picture; the palette shrinks until it fits."""

PALETTES = (192, 96, 48, 24)
WIDE, PHONE = (1300, 940), (420, 860)
TALLEST = {1300: 1700, 420: 1300}
"""Pixels of a page that are shown; what is below is more of the same."""

ONE_SCREEN = frozenset({"review", "review-help", "problem"})
"""Pages that are made for one screen; the others are shown whole."""

PHONE_PAGES = ("forms-new", "forms-live", "campaign", "review", "gallery", "dashboard")
Visit = Callable[[Any, str], None]
"""Brings a page to where its picture is taken; given the browser's page and the studio's address."""


@dataclass(frozen=True)
class Sample:
    """Ids of the sample that addresses need."""

    running_sku: str
    rejected: str
    saved: str
    lot: str
    open_lot: str


def main() -> None:
    """Make the sample, serve it, and keep a picture of every page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workspace", type=Path, help="what `packshot demo --out` made")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", action="append", default=[], help="a picture's name, such as gallery")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        if given.workspace:
            shutil.copytree(given.workspace, workspace)
        else:
            command = (sys.executable, "-m", "packshot", "demo", "--out", str(workspace))
            subprocess.run(command, check=True)  # noqa: S603 - our own command
        fill(workspace)
        sample = sample_of(workspace)
        with (
            own_core(workspace / "core.log") as core,
            studio_at(workspace, PACKSHOT_CORE__URL=core) as address,
        ):
            take_all(address, visits(sample), given.out, given.only)


def sample_of(workspace: Path) -> Sample:
    """Find the shots and lots of the sample that are worth a picture."""
    url = f"sqlite:///{workspace / 'catalog.sqlite'}"
    with Catalog.open(url, AssetStore(workspace / "assets")) as catalog:
        running, full = catalog.shot_histories(RUNNING), catalog.shot_histories(FULL)
        open_shots = {one.shot.form.sku for one in running if not one.attempts}
        begun = {one.shot.form.sku for one in running if one.attempts}
        said = [one for name in (FULL, HALF, DEMO) for one in catalog.shot_histories(name)]
        rejected = next(
            one for one in said if one.state is not ShotState.ACCEPTED and catalog.reviews_of(one.shot.id)
        )
        saved = max(full, key=lambda one: len(one.attempts))
        return Sample(
            running_sku=min(open_shots & begun or begun),
            rejected=rejected.shot.id,
            saved=saved.shot.id,
            lot=catalog.lot_heads(FULL)[0].id,
            open_lot=catalog.lot_heads(HALF)[0].id,
        )


def visits(sample: Sample) -> dict[str, str | Visit]:
    """Name every page with its address, or with what a person does to get there."""
    return {
        "dashboard": "/?range=7d",
        "forms-new": _new_form,
        "forms-live": f"/forms/{RUNNING}/{sample.running_sku}",
        "forms-drafts": "/forms/drafts",
        "campaigns": "/campaigns",
        "campaign-new": "/campaigns/new",
        "campaign-check": _checked_sheet,
        "campaign": f"/campaigns/{RUNNING}",
        "campaign-cancel": f"/campaigns/{RUNNING}/cancel",
        "campaign-compare": f"/campaigns/{HALF}/compare?other={FULL}",
        "gallery": f"/gallery?campaign={FULL}",
        "shot": f"/shots/{sample.saved}",
        "shot-rejected": f"/shots/{sample.rejected}",
        "review": "/review",
        "review-help": _review_help,
        "lots": "/lots",
        "lot": f"/lots/{sample.lot}",
        "lot-open": f"/lots/{sample.open_lot}",
        "rules": "/rules",
        "rule": "/rules/background.wood",
        "rule-try": _tried_rule,
        "rule-versions": "/rules/versions",
        "rule-diff": _rule_diff,
        "people": "/people",
        "password": "/password",
        "keys": "/keys",
        "key-shown": _new_key,
        "audit": "/audit",
        "audit-verified": _verified,
        "webhooks": "/webhooks",
        "deliveries": "/deliveries",
        "api-docs": "/docs",
        "problem": "/shots/nothing",
    }


def take_all(address: str, pages: Mapping[str, str | Visit], out: Path, only: list[str]) -> None:
    """Visit the pages in both languages and keep their pictures."""
    with chromium() as browser:
        for language, locale in (("en", "en-GB"), ("zh", "zh-CN")):
            for (width, height), tail in ((WIDE, ""), (PHONE, "-phone")):
                chosen = {
                    name: visit
                    for name, visit in pages.items()
                    if (not tail or name in PHONE_PAGES) and (not only or name in only)
                }
                context = browser.new_context(
                    locale=locale, viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai"
                )
                page = context.new_page()
                if not only or "sign-in" in only:
                    page.goto(f"{address}/sign-in")
                    keep(page, out / f"sign-in{tail}-{language}.png", width)
                sign_in(page, address, ADMIN, PASSWORD)
                for name, visit in chosen.items():
                    if isinstance(visit, str):
                        page.goto(address + visit)
                    else:
                        visit(page, address)
                    page.wait_for_timeout(900)
                    keep(page, out / f"{name}{tail}-{language}.png", width, whole=name not in ONE_SCREEN)
                context.close()


def keep(page: Any, path: Path, width: int, *, whole: bool = True) -> None:
    """Take a page's picture with as many colours as fit into MOST_BYTES."""
    page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
    tall = page.evaluate("document.documentElement.scrollHeight")
    box = {"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST[width])}
    data = page.screenshot(full_page=True, clip=box) if whole else page.screenshot()
    with Image.open(io.BytesIO(data)) as shot:
        picture = shot.convert("RGB")
    for colours in PALETTES:
        reduced = picture.quantize(colours, dither=Image.Dither.NONE)
        reduced.save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    sys.stdout.write(f"{path} {path.stat().st_size // 1000} kB\n")


def _new_form(page: Any, address: str) -> None:
    page.goto(f"{address}/forms/new?sku=MUG-WHT-14")
    page.fill("input[name=campaign]", RUNNING)
    page.fill("textarea[name=selling_points]", "手工制作\n全网最好的咖啡杯")
    page.wait_for_timeout(1500)


def _checked_sheet(page: Any, address: str) -> None:
    """Hand in the sample sheet with three wrong cells."""
    lines = EXAMPLE_FORMS.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",mug,red,", ",mugg,red,")
    lines[3] = lines[3].replace("shopify|google", "shopfy|google")
    lines[5] = lines[5].replace("WAT-BLU-05", "WAT BLU 05")
    page.goto(f"{address}/campaigns/new")
    sheet = {"name": "spring.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    page.set_input_files("#file", sheet)
    page.click("main button.first")
    page.wait_for_url("**/campaigns/new?sheet=*")


def _tried_rule(page: Any, address: str) -> None:
    page.goto(f"{address}/rules/try?table=backgrounds.csv")
    text = page.input_value("#text")
    page.fill("#text", text.replace("on a wooden table", "on an oak table in morning light"))
    page.click("summary")
    page.fill("#sku", "MUG-RED-01")
    page.click("button[value=try]")
    page.wait_for_timeout(3000)


def _rule_diff(page: Any, address: str) -> None:
    page.goto(f"{address}/rules/versions")
    page.click("a[href*='/rules/versions/diff']")


def _review_help(page: Any, address: str) -> None:
    page.goto(f"{address}/review")
    page.wait_for_timeout(500)
    page.keyboard.press("?")


def _new_key(page: Any, address: str) -> None:
    page.goto(f"{address}/keys")
    page.fill("main form input[name=name]", "stock system")
    page.click("main form button.first")
    page.wait_for_timeout(500)


def _verified(page: Any, address: str) -> None:
    page.goto(f"{address}/audit")
    page.click("form[action='/audit/verify'] button")
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
