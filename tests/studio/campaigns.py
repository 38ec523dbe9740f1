"""Sheets and campaigns for the tests of the studio's campaigns; what is checked here needs no child."""

import tempfile
from pathlib import Path

from fastapi.testclient import TestClient

from catalog import Catalog
from prompt_rules import RuleTables, check_forms, read_forms
from schemas import Outcome, ShotType, Variant, Verdict
from studio.campaign_sheets import held_sheets
from studio.desk import Desk
from studio.held_sheets import HeldSheet
from studio.sheets import CheckedSheet
from tests.factories import a_form, a_rendition, a_spec, an_attempt

HEADER = "sku,title,category,colour,shots,channels"
GOOD = f"{HEADER}\nA1,Mug,mug,red,white_main|scene,amazon\nA2,Mug,mug,blue,white_main,taobao\n"
BAD = (
    f"{HEADER}\nA1,Mug,mug,red,white_main,amazon\nA2,Mug,mugg,red,white_main,amazon\n"
    "A1,Mug,mug,red,white_main,amazon\nA4,,mug,red,white_main,amazon\n"
)


def desk_of(client: TestClient) -> Desk:
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]  # the application under test
    return desk


def checked(text: str, desk: Desk, name: str = "spring.csv") -> HeldSheet:
    """Check a sheet as the child does, without one."""
    tables: RuleTables = desk.tables
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        sheet = read_forms(path, tables, desk.recipes.channels, set(ShotType))
    found = CheckedSheet.of(sheet, check_forms(sheet, tables))
    return held_sheets(desk).keep(name, text.encode(), found)


def worked(catalog: Catalog, name: str = "spring") -> None:
    """A campaign of four shots: one accepted at once with a file, one saved by Base, one for review, one open."""
    forms = [
        a_form(shots=("white_main", "scene")),
        a_form(sku="CMD-1", title="=1+1", shots=("white_main", "scene")),
    ]
    first, second, third, _ = catalog.submit(name, forms, by="ada").shots
    catalog.record_attempt(an_attempt(first), a_spec(), f"{name} 1".encode())
    catalog.record_renditions([a_rendition(catalog.master_of(first.id))])
    wrong = Verdict(
        outcome=Outcome.REJECTED, reasons=("colour: asked red, looks blue (0.59 against 0.41)",), gate=0.85
    )
    catalog.record_attempt(an_attempt(second, 0, verdict=wrong), a_spec(), f"{name} 2".encode())
    catalog.record_attempt(an_attempt(second, 1, variant=Variant.BASE), a_spec(), f"{name} 3".encode())
    doubt = Verdict(outcome=Outcome.NEEDS_REVIEW, reasons=("not sure enough (0.6, gate 0.85)",), gate=0.85)
    catalog.record_attempt(an_attempt(third, 0, verdict=doubt), a_spec(), f"{name} 4".encode())
