"""Taking sheets in and giving them back with a column of what is wrong."""

import csv
from io import StringIO
from pathlib import Path

from schemas import Locale
from studio.campaign_orders import suggested_name
from studio.cell_words import told
from studio.desk import Desk
from studio.errors import FileMissing
from studio.held_sheets import HeldSheet, HeldSheets
from studio.language import Words
from studio.sheets import as_csv, as_xlsx, read_cells, read_sheet

PASTED = "pasted.csv"
"""The name of rows that came without a file."""

KINDS = {
    ".csv": ("text/csv; charset=utf-8", as_csv),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
}


def held_sheets(desk: Desk) -> HeldSheets:
    """Return the sheets that are kept between check and run, beside the exports."""
    return HeldSheets(desk.exports.parent / "sheets")


def take(desk: Desk, name: str, data: bytes) -> HeldSheet:
    """Check a sheet in the limited child and keep it; raises FileMissing, SheetUnreadable.

    Pasted rows may be parted by tabs, as spreadsheets copy them.
    """
    if not name:
        raise FileMissing
    if name == PASTED and b"\t" in data.partition(b"\n")[0]:
        data = with_commas(data)
    return held_sheets(desk).keep(name, data, read_sheet(data, name, desk.settings, desk.tables))


def answer_sheet(desk: Desk, identity: str, words: Words) -> tuple[str, bytes, str]:
    """Return name, bytes and media type of a kept sheet with its problems beside each row.

    A workbook comes back as a workbook, everything else as CSV. What concerns the whole sheet stands in its
    first row, because the column has to be known by its header when the sheet comes again.
    """
    sheets = held_sheets(desk)
    held = sheets.sheet(identity)
    cells = read_cells(sheets.data(identity), held.name)
    by_row: dict[int, list[str]] = {}
    for problem in held.checked.problems:
        by_row.setdefault(problem.row, []).append(told(problem, words).sentence)
    if cells.rows and cells.rows[0][0] != cells.header_row:
        by_row.setdefault(cells.rows[0][0], [])[:0] = by_row.get(cells.header_row, [])
    header = (*cells.header, words("upload.errors_column"))
    rows = [(*row, "\n".join(by_row.get(number, ()))) for number, row in cells.rows]
    kind = ".xlsx" if held.name.lower().endswith(".xlsx") else ".csv"
    media, written = KINDS[kind]
    stem = suggested_name(Path(held.name).name)[:60] or "sheet"
    return f"{stem}-checked{kind}", written(header, rows), media


def with_commas(data: bytes) -> bytes:
    """Turn rows parted by tabs into CSV."""
    text = StringIO()
    lines = data.decode("utf-8", errors="replace").splitlines()
    csv.writer(text).writerows(csv.reader(lines, delimiter="\t"))
    return text.getvalue().encode()


SAMPLE = {
    Locale.EN: (
        "sku,title,category,colour,material,background,shots,channels,notes",
        "MUG-RED-01,Everyday ceramic mug,mug,red,ceramic,wood,white_main|scene,amazon|shopify,",
        "BOT-GRN-02,Insulated trail bottle,bottle,green,metal,outdoor,white_main|scene,amazon,",
    ),
    Locale.ZH: (
        "货号,品名,类目,颜色,材质,背景,图型,渠道,备注",
        "MUG-RED-01,日常陶瓷马克杯,马克杯,红色,陶瓷,木桌面,白底主图|场景图,淘宝|天猫,",
        "BOT-GRN-02,户外保温瓶,水杯,绿色,金属,户外,白底主图|场景图,淘宝,",
    ),
}
"""A sheet to begin with, by language; a test reads both."""


def sample_sheet(words: Words) -> bytes:
    """Return a sheet to begin with as CSV that Excel reads."""
    return "\r\n".join((*SAMPLE[words.locale], "")).encode("utf-8-sig")
