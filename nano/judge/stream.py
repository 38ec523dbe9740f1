"""The judge's own drawn pictures, sound and broken, on seeds of its own: `python -m nano.judge.stream`.

Unlike the scorer it sees every combination, held-out ones too: it has to know the truth, not to generalise.
"""

import multiprocessing
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nano.dataset import CHUNK, WORK, labels
from nano.judge.wreck import Pixels, chimera, ghost, melted
from nano.vocabulary import BACKGROUNDS, CATEGORIES, COLOURS
from nano.world import SIDE, WHOLE_FAULTS, Picture, draw, faults_of, held_out, sample, unsound

FAULTS = ("none", "part", "cut_off", "doubled", "deformed")
UNKNOWN = -1
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stream:
    """A named run of the judge's pictures; everything in it depends on the seed alone."""

    name: str
    count: int
    seed: int

    @property
    def file(self) -> Path:
        """The array of pixels in the work folder."""
        return WORK / f"judge_{self.name}.npy"


TRAIN = Stream("train", 20_000, seed=910_000_000)
CHECK = Stream("check", 2_000, seed=930_000_000)


@dataclass(frozen=True)
class Shown:
    """A drawn picture and what is true of it: attributes as numbers, UNKNOWN where two are mixed."""

    pixels: Pixels
    truth: tuple[int, int, int, int, int]


def _wrong_part(picture: Picture, rng: random.Random) -> Picture:
    """Return the picture with a part too many or too few; a close-up becomes a whole view."""
    parts = [fault for fault in faults_of(picture.category) if fault not in WHOLE_FAULTS]
    while (found := unsound(picture, rng)).fault not in parts:
        pass
    return found


def _whole_fault(picture: Picture, rng: random.Random, fault: str) -> Picture:
    near = unsound(picture, rng)
    return Picture(near.category, near.colour, near.background, near.shot, near.seed, fault)


def _deformed(picture: Picture, rng: random.Random) -> Shown:
    """Melt the product, or mix it with another one in the same place."""
    pixels = np.asarray(draw(picture))
    row = labels([picture])[0].tolist()
    way = rng.random()
    if way < 0.4:
        return _shown(melted(pixels, rng), row, "deformed")
    other = sample(rng)
    while other.category == picture.category:
        other = sample(rng)
    stranger = Picture(other.category, picture.colour, picture.background, picture.shot, picture.seed)
    mix = chimera if way < 0.8 else ghost
    return _shown(mix(pixels, np.asarray(draw(stranger)), rng), [UNKNOWN, *row[1:]], "deformed")


def _shown(pixels: Pixels, row: list[int], fault: str) -> Shown:
    category, colour, background, shot = row[:4]
    return Shown(pixels, (category, colour, background, shot, FAULTS.index(fault)))


def _any_sample(rng: random.Random) -> Picture:
    """Draw attributes from all combinations, held-out ones in their natural share and half as much again."""
    return sample(rng, held=rng.random() < 0.075)


def show(seed: int) -> Shown:
    """Draw one picture: 54 % sound, 24 % with a wrong part, 6 % cut, 6 % doubled, 10 % deformed."""
    rng = random.Random(seed)
    picture = _any_sample(rng)
    lot = rng.random()
    drawers: tuple[tuple[float, Callable[[], Picture], str], ...] = (
        (0.54, lambda: picture, "none"),
        (0.78, lambda: _wrong_part(picture, rng), "part"),
        (0.84, lambda: _whole_fault(picture, rng, "cut_off"), "cut_off"),
        (0.90, lambda: _whole_fault(picture, rng, "doubled"), "doubled"),
    )
    for limit, drawer, fault in drawers:
        if lot < limit:
            chosen = drawer()
            return _shown(np.asarray(draw(chosen)), labels([chosen])[0].tolist(), fault)
    return _deformed(picture, rng)


def _chunk(seeds: range) -> tuple[Pixels, Labels]:
    shown = [show(seed) for seed in seeds]
    return np.stack([each.pixels for each in shown]), np.array([each.truth for each in shown])


def make(stream: Stream, processes: int = 1) -> None:
    """Draw a stream into the work folder unless it is already there."""
    if stream.file.exists():
        return
    WORK.mkdir(exist_ok=True)
    seeds = range(stream.seed, stream.seed + stream.count)
    chunks = [seeds[k : k + CHUNK] for k in range(0, stream.count, CHUNK)]
    pixels = np.empty((stream.count, SIDE, SIDE, 3), np.uint8)
    truths = np.empty((stream.count, 5), np.int64)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for n, (some, truth) in enumerate(pool.imap(_chunk, chunks)):
            pixels[n * CHUNK : n * CHUNK + len(some)] = some
            truths[n * CHUNK : n * CHUNK + len(some)] = truth
    np.save(_truth_file(stream), truths)
    partial = stream.file.with_suffix(".tmp.npy")
    np.save(partial, pixels)
    partial.replace(stream.file)


def _truth_file(stream: Stream) -> Path:
    return stream.file.with_name(f"judge_{stream.name}_truth.npy")


def load(stream: Stream) -> tuple[Pixels, Labels]:
    """Return pixels (n, 128, 128, 3) and truths (n, 5): four attributes and the fault."""
    make(stream)
    pixels: Pixels = np.load(stream.file, mmap_mode="r")
    truths: Labels = np.load(_truth_file(stream))
    return pixels, truths


def held_rows(truths: Labels) -> npt.NDArray[np.bool_]:
    """Say which rows are combinations that no other model of this folder was trained on."""
    return np.array(
        [k >= 0 and held_out(CATEGORIES[k], COLOURS[c], BACKGROUNDS[b]) for k, c, b in truths[:, :3]]
    )


def main() -> None:
    """Draw both streams."""
    for stream in (TRAIN, CHECK):
        make(stream)
        print(f"{stream.name}: {stream.count} pictures in {stream.file}")


if __name__ == "__main__":
    main()
