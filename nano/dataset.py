"""Drawn pictures kept as arrays in the work folder: `python -m nano.dataset`."""

import multiprocessing
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nano.vocabulary import BACKGROUNDS, CATEGORIES, COLOURS, SHOTS
from nano.world import SIDE, Picture, draw, faults_of, samples, unsound

WORK = Path(__file__).resolve().parent / "work"
CHUNK = 64
Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """A named set of drawn pictures; every other picture of a `faulty` split is drawn wrong."""

    name: str
    count: int
    seed: int
    held: bool = False
    faulty: bool = False

    def pictures(self) -> list[Picture]:
        """List what the pictures of this split are; the list depends on the seed alone."""
        sound = list(samples(self.count, self.seed, held=self.held))
        if not self.faulty:
            return sound
        rng = random.Random(self.seed + 1)
        return [unsound(each, rng) if n % 2 else each for n, each in enumerate(sound)]


TRAIN = Split("train", 16000, seed=1)
FAULTY = Split("faulty", 6000, seed=2, faulty=True)
UNSEEN = Split("unseen", 600, seed=3)
HELD = Split("held", 600, seed=4, held=True)
UNSEEN_FAULTY = Split("unseen_faulty", 600, seed=5, faulty=True)
SPLITS = (TRAIN, FAULTY, UNSEEN, HELD, UNSEEN_FAULTY)


def labels(pictures: list[Picture]) -> Labels:
    """Number the attributes: category, colour, background, shot, fault (0 is sound), one row each."""
    orders = [{key: n for n, key in enumerate(keys)} for keys in (CATEGORIES, COLOURS, BACKGROUNDS, SHOTS)]
    rows = []
    for each in pictures:
        keys = (each.category, each.colour, each.background, each.shot)
        fault = 1 + faults_of(each.category).index(each.fault) if each.fault else 0
        rows.append([order[key] for order, key in zip(orders, keys, strict=True)] + [fault])
    return np.array(rows, dtype=np.int64)


def _draw_chunk(pictures: list[Picture]) -> Pixels:
    return np.stack([np.asarray(draw(each)) for each in pictures])


def _file(split: Split) -> Path:
    return WORK / f"pixels_{split.name}.npy"


def make(split: Split, processes: int = 2) -> None:
    """Draw a split into the work folder unless it is already there."""
    if _file(split).exists():
        return
    WORK.mkdir(exist_ok=True)
    pictures = split.pictures()
    chunks = [pictures[k : k + CHUNK] for k in range(0, len(pictures), CHUNK)]
    partial = _file(split).with_suffix(".tmp.npy")
    shape = (len(pictures), SIDE, SIDE, 3)
    out = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for n, pixels in enumerate(pool.imap(_draw_chunk, chunks)):
            out[n * CHUNK : n * CHUNK + len(pixels)] = pixels
    out.flush()
    partial.rename(_file(split))


def load(split: Split) -> tuple[Pixels, Labels]:
    """Return pixels (n, 128, 128, 3) and labels (n, 5) of a split, drawing it first where needed."""
    make(split)
    pixels: Pixels = np.load(_file(split), mmap_mode="r")
    return pixels, labels(split.pictures())


def main() -> None:
    """Draw every split."""
    for split in SPLITS:
        make(split)
        print(f"{split.name}: {split.count} pictures in {_file(split)}")


if __name__ == "__main__":
    main()
