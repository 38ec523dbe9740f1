"""CPU seconds and bytes of 12 renditions of one master, beside pyvips and a plain Pillow script.

Run in the repository's root: python -m benchmarks.renditions [--side PX] [--rounds N] [--soak N]

All three make the same 12 files of the shipped recipes: same sizes, formats, byte ranges, chroma and an XMP
label. "pyvips" decodes once, whitens by a threshold, places the product, resizes and searches the quality by
halves; "plain" is the script one writes first: it opens the master for each size, pads or crops, and lowers
the quality by fives until the file fits. Neither finds a product in a scene or reads a file back; "packshot"
does both, and also keeps the product's own pixels when it whitens. "pyvips + proof" opens each of its files
anew and decodes it. Each figure is the least of the rounds, which are interleaved, as other work on the
machine only ever adds. --soak exports N different masters and prints how the memory grew.
"""

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psutil

from benchmarks.masters import master
from benchmarks.peers import plain, pyvips_files, pyvips_proof
from schemas import RenditionSpec, ShotType
from tests.factories import a_shot
from zimage_core.errors import ExportFailed
from zimage_core.renditions import default_recipes, export_all

MADE_AT = datetime(2026, 11, 20, tzinfo=UTC)
SETS = {
    "all channels, on white": (
        ShotType.WHITE_MAIN,
        (
            "amazon_main", "ebay_gallery", "walmart_main", "shopify_product", "google_main", "taobao_main",
            "taobao_white", "taobao_3_4", "jd_main_first", "pdd_carousel_first", "douyin_white",
            "xiaohongshu_main",
        ),
    ),
    "all channels, a scene": (
        ShotType.SCENE,
        (
            "amazon_pt01", "ebay_gallery", "walmart_additional", "shopify_product", "google_additional",
            "taobao_main", "taobao_3_4", "jd_main", "pdd_carousel", "pdd_activity", "douyin_3_4",
            "xiaohongshu_main",
        ),
    ),
    "Chinese channels, on white": (
        ShotType.WHITE_MAIN,
        (
            "taobao_main", "taobao_white", "taobao_3_4", "tmall_main_white", "tmall_3_4", "jd_main_first",
            "pdd_carousel_first", "douyin_main", "douyin_white", "xiaohongshu_main", "wechat_head",
            "aliexpress_main",
        ),
    ),
}  # fmt: skip


def main() -> None:
    """Measure both kinds of master and print a table; with --soak, the memory too."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=1024, help="side of the master in px")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--soak", type=int, default=0, help="masters to export for the memory figure")
    options = parser.parse_args()
    specs = {spec.slot: spec for spec in default_recipes().specs}
    print(f"master {options.side} px, 12 files each, least of {options.rounds} rounds")
    for title, (shot_type, slots) in SETS.items():
        compare(title, shot_type, [specs[slot] for slot in slots], options)
    if options.soak:
        soak([specs[slot] for slot in SETS["Chinese channels, on white"][1]], options.side, options.soak)


def compare(
    title: str, shot_type: ShotType, specs: Sequence[RenditionSpec], options: argparse.Namespace
) -> None:
    """Print CPU seconds and bytes of each way of making `specs`."""
    png = master(options.side, shot_type)
    ways: dict[str, Callable[[], Sequence[bytes]]] = {
        "packshot": lambda: ours(png, specs, shot_type),
        "pyvips": lambda: pyvips_files(png, specs, shot_type),
        "pyvips + proof": lambda: pyvips_proof(pyvips_files(png, specs, shot_type)),
        "plain": lambda: [plain(png, spec) for spec in specs],
    }
    sizes = {name: sum(len(data) for data in way()) for name, way in ways.items()}
    times = dict.fromkeys(ways, float("inf"))
    for _ in range(options.rounds):
        for name, way in ways.items():
            started = time.process_time()
            way()
            times[name] = min(times[name], time.process_time() - started)
    print(f"\n{title}\n{'':<16}{'CPU s':>8}{'packshot is':>14}{'KB':>8}")
    for name, seconds in times.items():
        print(f"{name:<16}{seconds:>8.3f}{times['packshot'] / seconds:>13.2f}x{sizes[name] / 1024:>8.0f}")


def ours(png: bytes, specs: Sequence[RenditionSpec], shot_type: ShotType) -> list[bytes]:
    """Export as the line does; raise the first slot's error if any could not be made."""
    files = []
    for made in export_all(png, specs, a_shot(shot_type), "packshot-practice", MADE_AT):
        if isinstance(made, ExportFailed):
            raise made
        files.append(made.data)
    return files


def soak(specs: Sequence[RenditionSpec], side: int, masters: int) -> None:
    """Export `masters` different masters and print the resident memory after each tenth of them."""
    process, readings = psutil.Process(), []
    for number in range(masters):
        ours(master(side, ShotType.WHITE_MAIN, number), specs, ShotType.WHITE_MAIN)
        if (number + 1) % max(1, masters // 10) == 0:
            gc.collect()
            readings.append(process.memory_info().rss / 2**20)
    growth = readings[-1] - readings[0]
    line = " ".join(f"{reading:.0f}" for reading in readings)
    print(
        f"\nmemory over {masters} masters, MB after each tenth: {line}; {growth:+.0f} since the first tenth"
    )


if __name__ == "__main__":
    main()
