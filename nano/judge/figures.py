"""What the judge gets right on pictures it never saw: `python -m nano.judge.figures`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nano.clip import auc
from nano.judge.network import HEADS
from nano.judge.reader import ATTRIBUTES, WEIGHTS, Judge, Reading
from nano.judge.stream import CHECK, FAULTS, UNKNOWN, Labels, held_rows, load
from nano.world import Picture

WHOLLY = "all and soundness"


def _shares(reading: Reading, truths: Labels, rows: np.ndarray) -> dict[str, float]:
    """Return the share of right answers by head among the chosen rows whose truth is known."""
    answers = {**reading.attributes, "fault": reading.fault}
    found = {}
    for n, name in enumerate(HEADS):
        known = rows & (truths[:, n] != UNKNOWN)
        found[name] = float((answers[name].probabilities.argmax(1)[known] == truths[known, n]).mean())
    sound = truths[:, 4] == FAULTS.index("none")
    found["soundness"] = float(((reading.sound > 0.5) == sound)[rows].mean())
    return found


def shares_right(reading: Reading, wanted: Sequence[Picture]) -> dict[str, float]:
    """Return the share of pictures in which each attribute is as wanted, the product whole, and all of it."""
    wrong = reading.wrong(wanted)
    found = {
        name: sum(name not in names for names in wrong) / len(wrong) for name in (*ATTRIBUTES, "soundness")
    }
    return {**found, WHOLLY: sum(not names for names in wrong) / len(wrong)}


def judge_figures(folder: Path = WEIGHTS) -> dict[str, float]:
    """Measure a judge on unseen pictures: all, those of held-out combinations, and each fault alone."""
    pixels, truths = load(CHECK)
    reading = Judge.load(folder).read(np.asarray(pixels))
    every = np.ones(len(truths), bool)
    figures = {f"unseen {name}": value for name, value in _shares(reading, truths, every).items()}
    held = _shares(reading, truths, held_rows(truths))
    figures |= {f"held-out combinations {name}": value for name, value in held.items()}
    sound, faults = torch.from_numpy(reading.sound), torch.from_numpy(truths[:, 4])
    figures["soundness auc"] = auc(sound[faults == 0], sound[faults != 0])
    for n, name in enumerate(FAULTS):
        told = (sound > 0.5) == (n == 0)
        figures[f"soundness of {name}"] = float(told[faults == n].double().mean())
    return {name: round(value, 4) for name, value in figures.items()}


def main() -> None:
    """Print the figures of the committed judge."""
    for name, value in judge_figures().items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
