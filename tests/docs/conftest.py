"""A folder as the documents see one: sheets, a workspace with two finished campaigns, its log, the packaged tables."""

import csv
import shutil
from pathlib import Path

import pytest

from flows.line import export_missing
from flows.services import open_records
from packshot.locations import EXAMPLE_FORMS
from schemas import Settings, ShotType
from tests.docs.shell_commands import ROOT
from tests.factories import a_form, a_spec, an_attempt
from tests.zimage_core.renditions.pictures import png_of, product_on

GROUNDS = {ShotType.WHITE_MAIN: (250, 250, 250), ShotType.SCENE: (120, 160, 210)}
"""Colours behind the product, so that its pictures differ."""

OUT_FOLDERS = ("packshot-out", "packshot-demo", "work", "DIR")
"""What the documents call the workspace, their default and their examples."""

EXPORTED = "spring-2027"
"""The campaign whose files are there; the documents only steer the other one."""

REQUEST = "form-0123456789abcdef"


@pytest.fixture(scope="session")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder once; everybody works on a copy."""
    root = tmp_path_factory.mktemp("documented")
    made = root / OUT_FOLDERS[0]
    made.mkdir()
    _campaigns(made)
    (made / "logs").mkdir()
    (made / "logs" / "studio.jsonl").write_text(f'{{"request_id": "{REQUEST}", "event": "request"}}\n')
    for name in OUT_FOLDERS[1:]:
        shutil.copytree(made, root / name)
    _sheets(root)
    shutil.copytree(ROOT / "prompt_rules" / "tables", root / "prompt_rules" / "tables")
    weights = root / "Z-Image-Turbo" / "transformer"
    weights.mkdir(parents=True)
    (weights / "config.json").write_text("{}")
    (root / "examples").mkdir()
    shutil.copy(EXAMPLE_FORMS, root / "examples")
    return root


@pytest.fixture
def folder(documented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a copy of it."""
    here = shutil.copytree(documented, tmp_path / "here")
    monkeypatch.chdir(here)
    return here


def _campaigns(workspace: Path) -> None:
    with open_records(Settings(), workspace) as records:
        for campaign, sku in (("spring", "MUG-1"), (EXPORTED, "MUG-2")):
            form = a_form(sku=sku, shots=tuple(GROUNDS), channels=("taobao",))
            for shot in records.catalog.register(campaign, [form]):
                picture = png_of(product_on(GROUNDS[shot.shot_type], noise=1.0))
                records.catalog.record_attempt(an_attempt(shot), a_spec(), picture)
                if campaign == EXPORTED:
                    export_missing(shot, records)


def _sheets(root: Path) -> None:
    """Write the example forms under the names that the documents use, the first one as MUG-1."""
    import openpyxl

    rows = list(csv.reader(EXAMPLE_FORMS.read_text(encoding="utf-8-sig").splitlines()))
    rows[1][0] = "MUG-1"
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(root / "forms.xlsx")
    book.close()
    with (root / "forms.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
