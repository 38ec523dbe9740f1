"""The preflight report of an upload, as a page to read and as a table to sort."""

import base64
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from packshot.upload_folder import Upload
from studio.channel_files import REPORT_COLUMNS, gap_row, report_row
from studio.sheets import as_csv
from zimage_core.renditions.checklist import Finding
from zimage_core.renditions.thumbnails import thumbnail

SMALL_PX = 96
UNSURE = frozenset({"low", "unconfirmed"})


def report_csv(upload: Upload) -> bytes:
    """Return the findings as CSV for spreadsheets (UTF-8 with a mark), nothing in it taken for a formula."""
    rows = [report_row(number, finding) for number, finding in enumerate(upload.findings, start=1)]
    return as_csv(REPORT_COLUMNS, [*rows, *map(gap_row, upload.gaps)])


def report_html(upload: Upload) -> bytes:
    """Return the report as one page that needs no other file."""
    environment = Environment(
        loader=PackageLoader("packshot"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    files = [
        (each.file, each.findings, _small(each.file.data) if each.look is not None else "")
        for each in upload.files
    ]
    products = [(sku, list(group)) for sku, group in groupby(files, key=lambda each: each[0].sku)]
    listings: dict[str, list[Finding]] = {}
    for finding in upload.listings:
        listings.setdefault(finding.sku, []).append(finding)
    text = environment.get_template("preflight.html.j2").render(
        upload=upload,
        products=products,
        listings=listings,
        failed=sum(not finding.passed for finding in upload.findings),
        unsure=UNSURE,
    )
    return text.encode()


def _small(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(thumbnail(data, SMALL_PX)).decode()
