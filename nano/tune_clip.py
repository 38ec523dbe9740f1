"""Teach the trained CLIP soundness on any colour and ground: `python -m nano.tune_clip`, after `nano.strays`.

It goes on from the averaged weights of `nano.train_clip` with that stage's two losses, at a lower rate
and for the vision tower alone, and adds a third: a stray is whole or broken, and shows its category. The
held-out combinations stay unseen.
"""

import argparse
import math
import random
import shutil
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from nano.captions import LANGUAGES
from nano.clip import KINDS, new_clip, save_clip
from nano.clip_figures import clip_figures
from nano.dataset import WORK
from nano.optimisers import Pair
from nano.stage import LOG_EVERY, Average, Budget, Stage
from nano.strays import CLEAN, SOFT, TRUTH
from nano.train_clip import (
    Feed,
    Reader,
    augmented,
    claim_loss,
    claim_tables,
    is_block,
    new_feed,
    sentence_loss,
)

STRAYS, WHOLE, MIXED = 80, 48, 32
SOFT_SHARE = 0.55
FOLDER = WORK / "clip_tuned"


@dataclass
class Fold:
    """The strays: clean and softened pictures, with category and whether they are broken, in pairs."""

    clean: torch.Tensor
    soft: torch.Tensor
    truths: torch.Tensor

    def batch(self, rng: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
        """Return augmented pictures and truths (n, 2): whole and broken drawings of the same things."""
        pictures = self.soft if rng.random() < SOFT_SHARE else self.clean
        pairs = [rng.randrange(len(pictures) // 2) for _ in range(STRAYS // 2)]
        at = [row for pair in pairs for row in (2 * pair, 2 * pair + 1)]
        return augmented(pictures[at], rng), self.truths[at]


def new_fold() -> Fold:
    """Load what `nano.strays` drew."""
    clean, soft, truths = (torch.from_numpy(np.load(file)) for file in (CLEAN, SOFT, TRUTH))
    return Fold(clean, soft, truths)


def stray_loss(
    model: Any, seen: torch.Tensor, truths: torch.Tensor, tables: list[torch.Tensor]
) -> torch.Tensor:
    """Return the cross-entropy of the soundness claim, and half that of the category of whole products."""
    names, words = (tables[KINDS.index(kind)] for kind in ("category", "soundness"))
    scale = model.logit_scale.exp()
    whole = truths[:, 1] == 0
    logits = scale * torch.einsum("nd,nvd->nv", seen, words[truths[:, 0]])
    named = functional.cross_entropy(scale * seen[whole] @ names[0].T, truths[whole, 0])
    return functional.cross_entropy(logits, truths[:, 1]) + 0.5 * named


@dataclass
class Lesson:
    """All that a step draws from; the text tower is frozen, so its claims are embedded once."""

    feed: Feed
    fold: Fold
    reader: Reader
    tables: dict[str, list[torch.Tensor]]

    def losses(self, model: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the losses of sentences, claims and strays on fresh batches."""
        pictures, rows = self.feed.batch(WHOLE, MIXED)
        strays, truths = self.fold.batch(self.feed.rng)
        tables = self.tables[self.feed.rng.choice(LANGUAGES)]
        with torch.autocast("cpu", torch.bfloat16):
            seen = model.encode_image(torch.cat([pictures, strays]), normalize=True).float()
            known, other = seen[: len(rows)], seen[len(rows) :]
            sentence = sentence_loss(model, known[:WHOLE], rows[:WHOLE].tolist(), self.reader, self.feed.rng)
            claims = claim_loss(model, known, torch.from_numpy(rows), tables)
            return sentence, claims, stray_loss(model, other, truths, tables)


def _lesson(model: Any, seed: int) -> Lesson:
    """Freeze all but the vision tower, and load the pictures."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("visual."))
    reader = Reader()
    with torch.no_grad():
        tables = {language: claim_tables(model, reader, language) for language in LANGUAGES}
    return Lesson(new_feed(random.Random(seed)), new_fold(), reader, tables)


def _rate(fraction: float, step: int) -> float:
    return min(1.0, (step + 1) / 40) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * fraction)))


def tune(stage: Stage, model: Any) -> None:
    """Train until the budget is spent and leave the averaged weights in `model`."""
    saved = stage.prepare()
    first = torch.load(WORK / "clip.pt", weights_only=False)["parts"]["average"]["values"]
    model.load_state_dict(saved["model"] if saved else first)
    lesson = _lesson(model, 99 + stage.step)
    pair = Pair(model.named_parameters(), is_block, rates=(9e-4, 7e-4), decay=0.02)
    average = Average(model.state_dict(), decay=0.995)
    if saved:
        average.restore(saved["average"])
        pair.load_state_dict(saved["pair"])
    losses: list[list[float]] = []
    for fraction in stage.steps({"model": model, "average": average, "pair": pair}):
        parts = lesson.losses(model)
        pair.descend(parts[0] + 0.5 * parts[1] + 0.7 * parts[2], _rate(fraction, stage.step))
        average.update(model.state_dict())
        losses.append([part.item() for part in parts])
        if stage.step % LOG_EVERY == 0:
            mean = np.mean(losses[-LOG_EVERY:], axis=0)
            stage.log(f"sentences {mean[0]:.3f} claims {mean[1]:.3f} strays {mean[2]:.3f}")
    model.load_state_dict(average.values)


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    stage = Stage("clip_tuned", Budget(options.seconds, options.threads))
    model = new_clip(FOLDER)
    tune(stage, model)
    save_clip(model.state_dict(), FOLDER)
    for file in (WORK / "clip").glob("tokenizer*.json"):
        shutil.copy(file, FOLDER)
    stage.finish({"parameters": sum(p.numel() for p in model.parameters()), **clip_figures(FOLDER)})


if __name__ == "__main__":
    main()
