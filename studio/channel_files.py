"""A channel's files of some shots, in upload order and held against every rule of their slots."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from schemas import Master, Rendition, RenditionSpec, Shot
from zimage_core.renditions import file_name
from zimage_core.renditions.checklist import Checked, Finding, Finished
from zimage_core.renditions.pages import parts_of

LONGEST_SKU_FOLDER = 100

REPORT_COLUMNS = (
    "order", "sku", "place", "rule", "wanted", "measured", "passed", "source", "source_date", "confidence",
)  # fmt: skip


def files_of(
    shot: Shot,
    master: Master | None,
    renditions: Sequence[Rendition],
    specs: Sequence[RenditionSpec],
    exports: Path,
) -> Iterator[Finished | str]:
    """Yield the shot's files for these slots, or a sentence for each that is not there."""
    wanted = [spec for spec in specs if shot.shot_type in spec.shots]
    if master is None:
        if wanted:
            yield f"{shot.form.sku} {shot.shot_type.value}: no picture is accepted yet."
        return
    made = {one.recipe: one for one in renditions if one.master == master.picture}
    for spec in wanted:
        rendition = made.get(spec.fingerprint)
        name = rendition.file_name if rendition else file_name(spec, shot)
        path = exports / spec.channel / name
        if rendition is None:
            yield f"{name} is not made by today's recipe; `packshot reexport` makes it."
        elif not path.is_file():
            yield f"{name} is recorded, but the file is no longer in {path.parent.name}."
        else:
            yield Finished(shot.form.sku, path.read_bytes(), spec, rendition, name)


def in_upload_order(files: Sequence[Checked], specs: Sequence[RenditionSpec]) -> list[Checked]:
    """Sort files by product and then by the place of their slot in the channel."""
    places = {spec.slot: number for number, spec in enumerate(specs)}
    return sorted(files, key=lambda each: (each.file.sku, places[each.file.spec.slot]))


def entries(files: Sequence[Checked]) -> Iterator[tuple[str, bytes]]:
    """Yield each file's path in the folder and its bytes, in upload order.

    Where sorting a listing by name would show another order, as upload dialogs do, its names get a number in
    front; names that a channel prescribes are in order already.
    """
    listings: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
    for each in files:
        if each.look is None:
            # What does not read back is no rendition: it is in the report, not in the folder.
            continue
        key = each.file.sku, each.file.spec.listing
        listings.setdefault(key, []).extend(_parts(each.file))
    for (sku, _), found in listings.items():
        names = [name for name, _ in found]
        numbered = names != sorted(names)
        for number, (name, data) in enumerate(found, start=1):
            yield f"{_folder(sku)}/{f'{number:02}_' if numbered else ''}{name}", data


def report_row(number: int, finding: Finding) -> list[str]:
    """Say a finding as a row of the report; columns are REPORT_COLUMNS."""
    row = finding.model_dump() | {"order": number, "passed": "yes" if finding.passed else "NO"}
    return [str(row[column]) for column in REPORT_COLUMNS]


def gap_row(gap: str) -> list[str]:
    """Say what is missing as a row of the report."""
    return ["", "", "", "missing", "", gap, "NO", "", "", ""]


def _parts(file: Finished) -> Iterator[tuple[str, bytes]]:
    """Yield the file's own name and bytes, or those of a long page's slices."""
    parts = parts_of(file.data, file.spec)
    if len(parts) == 1:
        yield file.name, file.data
        return
    stem, dot, extension = file.name.rpartition(".")
    for number, part in enumerate(parts, start=1):
        yield f"{stem}_{number:02}{dot}{extension}", part


def _folder(sku: str) -> str:
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in sku).strip(".")
    return plain[:LONGEST_SKU_FOLDER] or "_"
