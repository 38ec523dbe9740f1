"""Put the demo's accepted pictures on one sheet: `python -m benchmarks.demo_sheet [DEMO_FOLDER] [SHEET.png]`.

A coloured bar under each picture says who made it: green Turbo, orange Base.
"""

import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from flows.services import open_records
from schemas import Variant, settings_from

COLUMNS, SIDE, GAP, BAR = 11, 128, 6, 5
COLOURS = {Variant.TURBO: (26, 127, 75), Variant.BASE: (240, 150, 40)}


def accepted(folder: Path) -> list[tuple[Image.Image, Variant]]:
    """Return the master of every accepted shot of the demo, with the model that made it."""
    pictures = []
    with open_records(settings_from({}), folder) as records:
        for history in records.catalog.shot_histories("demo"):
            if history.master is None:
                continue
            won = next(one for one in history.attempts if one.id == history.master.attempt_id)
            picture = Image.open(io.BytesIO(records.catalog.picture(history.master.picture)))
            pictures.append((picture.convert("RGB").resize((SIDE, SIDE)), won.variant))
    return pictures


def sheet(pictures: list[tuple[Image.Image, Variant]]) -> Image.Image:
    """Lay the pictures out in rows of COLUMNS."""
    rows = -(-len(pictures) // COLUMNS)
    step = SIDE + GAP
    page = Image.new("RGB", (COLUMNS * step + GAP, rows * (step + BAR) + GAP), "white")
    pen = ImageDraw.Draw(page)
    for place, (picture, variant) in enumerate(pictures):
        left, top = GAP + place % COLUMNS * step, GAP + place // COLUMNS * (step + BAR)
        page.paste(picture, (left, top))
        pen.rectangle((left, top + SIDE, left + SIDE - 1, top + SIDE + BAR - 1), fill=COLOURS[variant])
    return page


def main(arguments: list[str]) -> None:
    """Write the sheet."""
    folder = Path(arguments[0] if arguments else "packshot-demo")
    target = Path(arguments[1] if len(arguments) > 1 else "docs/demo.png")
    sheet(accepted(folder.resolve())).quantize(192).save(target, optimize=True)
    print(f"wrote {target}")


if __name__ == "__main__":
    main(sys.argv[1:])
