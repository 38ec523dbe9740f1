"""Milliseconds of CPU per exported file and slot, beside a plain Pillow resize and save in the same run.

Run in the repository's root: python -m benchmarks.renditions_speed [--side PX] [--rounds N]

"plain" opens the PNG, resizes it to the slot's size by Lanczos and saves it in the slot's format at quality
92: no subject, no white, no label, nothing read back. "export" does all that the line does. Each figure is
the least of the rounds, as other work on the machine only ever adds.
"""

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

from PIL import Image, ImageDraw

from schemas import RenditionSpec, ShotType
from tests.factories import a_shot
from zimage_core.renditions import default_recipes, export

MADE_AT = datetime(2026, 11, 20, tzinfo=UTC)


def main() -> None:
    """Measure every slot and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=128, help="side of the master in px")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"master {options.side} px, least of {options.rounds} rounds, CPU ms")
    print(f"{'slot':<22}{'size':>11}{'format':>7}{'export':>8}{'plain':>8}{'times':>7}{'KB':>7}")
    total = plain_total = 0.0
    for spec in default_recipes().specs:
        shot_type = spec.shots[0]
        png = master(options.side, shot_type)
        shot = a_shot(shot_type)
        data = export(png, spec, shot, "packshot", MADE_AT).data
        ours = least(lambda p=png, s=spec, t=shot: export(p, s, t, "packshot", MADE_AT), options.rounds)
        theirs = least(lambda p=png, s=spec: plain(p, s), options.rounds)
        total, plain_total = total + ours, plain_total + theirs
        line = f"{spec.slot:<22}{f'{spec.width}x{spec.height}':>11}{spec.format:>7}{ours:>8.1f}{theirs:>8.1f}"
        print(f"{line}{ours / theirs:>7.2f}{len(data) / 1024:>7.0f}")
    print(f"{'all':<40}{total:>8.1f}{plain_total:>8.1f}{total / plain_total:>7.2f}")


def master(side: int, shot_type: ShotType) -> bytes:
    """Draw a product with fine stripes, on white for a main picture and on a gradient for others."""
    ground = (
        Image.new("RGB", (side, side), "white")
        if shot_type is ShotType.WHITE_MAIN
        else Image.linear_gradient("L").resize((side, side)).convert("RGB")
    )
    pen, unit = ImageDraw.Draw(ground), side / 32
    pen.rounded_rectangle((6 * unit, 4 * unit, 26 * unit, 28 * unit), 3 * unit, fill=(190, 40, 45))
    for row in range(24):
        pen.line((8 * unit, (5 + row) * unit, 24 * unit, (5.4 + row) * unit), fill=(90, 20 + 8 * row, 160))
    out = BytesIO()
    ground.save(out, "PNG")
    return out.getvalue()


def plain(png: bytes, spec: RenditionSpec) -> bytes:
    """Resize and save as a short script would."""
    out = BytesIO()
    with Image.open(BytesIO(png)) as image:
        small = image.convert("RGB").resize((spec.width, spec.height), Image.Resampling.LANCZOS)
    if spec.format == "jpeg":
        small.save(out, "JPEG", quality=92, subsampling="4:4:4")
    elif spec.format == "webp":
        small.save(out, "WEBP", quality=92)
    else:
        small.save(out, "PNG")
    return out.getvalue()


def least(work: Callable[[], object], rounds: int) -> float:
    """Return the least CPU milliseconds of a call."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times) * 1000


if __name__ == "__main__":
    main()
