"""Contact sheets: every file that each channel gets from a set of masters, small, for docs/renditions.md.

Run in the repository's root:
  python -m benchmarks.channel_sheets --workspace DIR --out docs/renditions
  python -m benchmarks.channel_sheets --pictures DIR --shot scene --out docs/renditions --name zimage

The first takes the accepted masters of a campaign that `packshot demo` or `packshot run` made in DIR, one per
shot type, and writes a sheet per channel. The second takes every picture in DIR as a master of one shot type
(brought to PNG, its metadata dropped) and writes one sheet of what all channels make of it.
"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from flows.services import open_records
from schemas import RenditionSpec, Settings, Shot, ShotType
from schemas.producer_code import PRACTICE_PRODUCER
from tests.factories import a_shot
from zimage_core.renditions import ExportedFile, Tools, default_recipes, export_all
from zimage_core.renditions.cutout import U2Net

CELL, CAPTION, COLUMNS = 132, 36, 7
MADE_AT = datetime(2026, 11, 20, tzinfo=UTC)
WORDS = ("Every day, in red",)
"""Copy text for the poster slots."""

OWN = Tools()

Cell = tuple[Image.Image | None, str]


def main() -> None:
    """Write the sheets that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--campaign", default="demo")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--shot", type=ShotType, default=ShotType.SCENE)
    parser.add_argument("--cutout", action="store_true", help="find products with the extra's network")
    parser.add_argument("--name", default="pictures")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    specs = default_recipes().specs
    if options.workspace:
        masters = masters_of(options.workspace, options.campaign)
        for channel in dict.fromkeys(spec.channel for spec in specs):
            ours = [spec for spec in specs if spec.channel == channel]
            cells = [cell for shot_type, png in masters.items() for cell in cells_of(png, shot_type, ours)]
            write(cells, options.out / f"{channel}.webp")
    if options.pictures:
        tools = Tools(cutout=U2Net()) if options.cutout else Tools()
        files = sorted(options.pictures.iterdir())
        cells = [cell for file in files for cell in cells_of(as_png(file), options.shot, specs, tools)]
        write(cells, options.out / f"{options.name}.webp")


def masters_of(workspace: Path, campaign: str) -> Mapping[ShotType, bytes]:
    """Return the first accepted master of each shot type, main picture first; a poster uses the scene's."""
    found: dict[ShotType, bytes] = {}
    with open_records(Settings(), workspace) as records:
        for history in records.catalog.shot_histories(campaign):
            if history.master and history.shot.shot_type not in found:
                found[history.shot.shot_type] = records.catalog.picture(history.master.picture)
    if ShotType.SCENE in found:
        found[ShotType.POSTER] = found[ShotType.SCENE]
    return dict(sorted(found.items(), key=lambda each: list(ShotType).index(each[0])))


def as_png(file: Path) -> bytes:
    """Return a picture file as PNG bytes without its metadata."""
    out = BytesIO()
    with Image.open(file) as image:
        image.convert("RGB").save(out, "PNG")
    return out.getvalue()


def cells_of(
    png: bytes, shot_type: ShotType, specs: Sequence[RenditionSpec], tools: Tools = OWN
) -> list[Cell]:
    """Export the master for the slots that take such shots; a slot without a file becomes its sentence."""
    wanted = [spec for spec in specs if shot_type in spec.shots]
    made = export_all(png, wanted, shot_of(shot_type), PRACTICE_PRODUCER, MADE_AT, tools=tools)
    return [_cell(spec, one) for spec, one in zip(wanted, made, strict=True)]


def shot_of(shot_type: ShotType) -> Shot:
    """Return a shot to export as; posters have words."""
    return a_shot(shot_type, copy_text=WORDS if shot_type is ShotType.POSTER else ())


def _cell(spec: RenditionSpec, made: ExportedFile | Exception) -> Cell:
    if not isinstance(made, ExportedFile):
        return None, f"{spec.slot}: {made}"
    record = made.rendition
    image = Image.open(BytesIO(made.data)).convert("RGB")
    caption = f"{spec.slot} {record.width}x{record.height} {record.format} {record.byte_count // 1024} KB"
    return image, caption


def write(cells: Sequence[Cell], path: Path) -> None:
    """Draw the cells in rows, each picture reduced to fit, and write them as WebP."""
    rows = -(-len(cells) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * CELL, max(1, rows) * (CELL + CAPTION)), (228, 228, 231))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(8)
    for number, (image, caption) in enumerate(cells):
        left, top = number % COLUMNS * CELL, number // COLUMNS * (CELL + CAPTION)
        if image is not None:
            image.thumbnail((CELL - 10, CELL - 10), Image.Resampling.LANCZOS)
            sheet.paste(image, (left + (CELL - image.width) // 2, top + (CELL - image.height) // 2))
        lines = [caption[start : start + 26] for start in range(0, min(len(caption), 78), 26)]
        pen.multiline_text(
            (left + 5, top + CELL - 1), "\n".join(lines), fill=(30, 30, 34), font=font, spacing=2
        )
    sheet.save(path, "WEBP", quality=72, method=6)
    print(f"{path.name}: {len(cells)} files, {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
