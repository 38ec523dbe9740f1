"""Train the practice CLIP: `python -m nano.train_clip`. It needs the drawn pictures only.

Two losses: a contrastive one between pictures and whole sentences, with a caption wrong in one attribute as
hard negative, and the softmax over short claims that the line's scorer takes. Most batches mix all
categories in few colours and places, because uniform batches teach colour and never shape.
"""

import argparse
import math
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from nano.captions import LANGUAGES, described
from nano.clip import IMAGE_SIDE, KINDS, claim_texts, embed_texts, new_clip, save_clip
from nano.clip_figures import clip_figures
from nano.dataset import FAULTY, TRAIN, WORK, Labels, Pixels, Split, load
from nano.optimisers import Pair
from nano.soften import soft_file
from nano.stage import LOG_EVERY, Average, Budget, Stage
from nano.tokenizer import clip_tokenizer
from nano.vocabulary import BACKGROUNDS, CATEGORIES, COLOURS, SHOTS
from nano.world import Picture

SOUND, MAYBE = 128, 56
SOFT_SHARE = 0.7
FOLDER = WORK / "clip"


def small(pixels: Pixels) -> torch.Tensor:
    """Reduce pictures to CLIP's side, as bytes (n, 3, side, side)."""
    parts = []
    for k in range(0, len(pixels), 500):
        batch = torch.from_numpy(pixels[k : k + 500].copy()).permute(0, 3, 1, 2).float()
        small = functional.interpolate(batch, size=IMAGE_SIDE, mode="bicubic", antialias=True)
        parts.append(small.round().clamp(0, 255).byte())
    return torch.cat(parts)


@dataclass
class Shelf:
    """Training pictures with labels, indexed by (category, colour, background)."""

    pictures: torch.Tensor
    labels: Labels
    index: dict[tuple[int, int, int], list[int]]

    def pick(self, count: int, rng: random.Random) -> list[int]:
        """Pick picture numbers: mostly many categories in few colours and backgrounds."""
        sizes = [len(column) for column in _columns()[:3]]
        mode = rng.random()
        if mode < 0.3:
            limits = sizes
        elif mode < 0.75:
            limits = [sizes[0], 4, 2]
        else:
            limits = [4, sizes[1], 4]
        pools = [rng.sample(range(size), limit) for size, limit in zip(sizes, limits, strict=True)]
        found: list[int] = []
        while len(found) < count:
            key = (rng.choice(pools[0]), rng.choice(pools[1]), rng.choice(pools[2]))
            if key in self.index:
                found.append(rng.choice(self.index[key]))
        return found


def _columns() -> tuple[tuple[str, ...], ...]:
    return CATEGORIES, COLOURS, BACKGROUNDS, SHOTS


def _shelf() -> Shelf:
    pixels, labels = load(TRAIN)
    index: dict[tuple[int, int, int], list[int]] = {}
    for n, row in enumerate(labels):
        index.setdefault((int(row[0]), int(row[1]), int(row[2])), []).append(n)
    return Shelf(small(pixels), labels, index)


def augmented(pictures: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """Soften, shift and disturb a batch; generated pictures are softer than drawn ones."""
    x = pictures.float() / 127.5 - 1
    mode = rng.random()
    if mode < 0.2:
        x = functional.interpolate(functional.avg_pool2d(x, 2), scale_factor=2, mode="bilinear")
    elif mode < 0.4:
        x = functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    if rng.random() < 0.5:
        x = x + torch.randn_like(x) * (0.08 * rng.random())
    if rng.random() < 0.3:
        coarse = functional.interpolate(torch.randn(len(x), 3, 12, 12), size=x.shape[-1], mode="bilinear")
        x = x + coarse * (0.08 * rng.random())
    dx, dy = rng.randint(-2, 2), rng.randint(-2, 2)
    return torch.roll(functional.pad(x, (2, 2, 2, 2), mode="replicate"), (dy, dx), (2, 3))[:, :, 2:-2, 2:-2]


def _picture(row: list[int]) -> Picture:
    keys = [column[value] for column, value in zip(_columns(), row[:4], strict=True)]
    return Picture(keys[0], keys[1], keys[2], keys[3], seed=0)


def _changed(row: list[int], rng: random.Random) -> list[int]:
    """Return the attributes with exactly one made wrong, shape more often than the rest."""
    changed = list(row[:4])
    at = rng.choices(range(4), (4, 2, 3, 2))[0]
    changed[at] = rng.choice([v for v in range(len(_columns()[at])) if v != row[at]])
    return changed


class Reader:
    """Turns texts into trimmed token ids."""

    def __init__(self) -> None:
        """Build the tokenizer and the claim tables of both languages once."""
        self.tokenizer = clip_tokenizer()
        self.claims = {
            language: [self._claim_ids(kind, language) for kind in KINDS] for language in LANGUAGES
        }

    def ids(self, texts: list[str]) -> torch.Tensor:
        """Return ids padded to the longest of the texts."""
        found: torch.Tensor = self.tokenizer(
            texts, padding=True, truncation=True, return_tensors="pt"
        ).input_ids
        return found

    def _claim_ids(self, kind: str, language: str) -> tuple[torch.Tensor, tuple[int, int]]:
        rows = claim_texts(kind, language).texts
        return self.ids([text for row in rows for text in row]), (len(rows), len(rows[0]))


def sentence_loss(
    model: Any, seen: torch.Tensor, rows: list[list[int]], reader: Reader, rng: random.Random
) -> torch.Tensor:
    """Match pictures with their sentences among all sentences and one wrong sentence per picture."""
    stated = [row[:4] for row in rows] + [_changed(row, rng) for row in rows]
    texts = [described(_picture(row), rng, rng.choice(LANGUAGES)) for row in stated]
    written = embed_texts(model, reader.ids(texts)).float()
    logits = model.logit_scale.exp() * (seen @ written.T)
    have, say = torch.tensor([row[:4] for row in rows]), torch.tensor(stated)
    match = (have[:, None] == say[None]).all(-1).float()
    count = len(rows)
    to_text = -(functional.log_softmax(logits, 1) * match / match.sum(1, keepdim=True)).sum(1).mean()
    own, own_match = logits[:, :count], match[:, :count]
    to_picture = -(functional.log_softmax(own, 0) * own_match / own_match.sum(0, keepdim=True)).sum(0).mean()
    return (to_text + to_picture) / 2


def claim_tables(model: Any, reader: Reader, language: str) -> list[torch.Tensor]:
    """Embed the claims of every kind: (categories or 1, values, width)."""
    tables = reader.claims[language]
    longest = max(ids.shape[1] for ids, _ in tables)
    together = torch.cat([functional.pad(ids, (0, longest - ids.shape[1])) for ids, _ in tables])
    texts = torch.split(embed_texts(model, together).float(), [len(ids) for ids, _ in tables])
    return [flat.view(*shape, -1) for flat, (_, shape) in zip(texts, tables, strict=True)]


def claim_loss(
    model: Any, seen: torch.Tensor, rows: torch.Tensor, tables: list[torch.Tensor]
) -> torch.Tensor:
    """Sum the cross-entropies of the five kinds of short claims."""
    total = seen.new_zeros(())
    sound = rows[:, 4] == 0
    for n, table in enumerate(tables):
        chosen = table[rows[:, 0]] if len(table) > 1 else table.expand(len(seen), -1, -1)
        logits = model.logit_scale.exp() * torch.einsum("nd,nvd->nv", seen, chosen)
        target = (rows[:, n] != 0).long() if n == 4 else rows[:, n]
        keep = torch.ones_like(sound) if n == 4 else sound
        total = total + functional.cross_entropy(logits[keep], target[keep])
    return total


def is_block(name: str) -> bool:
    """Say whether a parameter belongs to a transformer block, whose matrices Muon drives."""
    return "resblocks" in name


@dataclass
class Feed:
    """Batches of labelled pictures: sound ones, then some that may be faulty, in part softened."""

    shelf: Shelf
    faulty: torch.Tensor
    faulty_labels: Labels
    soft: torch.Tensor | None
    soft_faulty: torch.Tensor | None
    rng: random.Random

    def batch(self, whole: int = SOUND, mixed: int = MAYBE) -> tuple[torch.Tensor, Labels]:
        """Return augmented pictures and their labels: `whole` sound ones, then some that may be faulty."""
        sound_at = self.shelf.pick(whole, self.rng)
        maybe_at = [self.rng.randrange(len(self.faulty)) for _ in range(mixed)]
        sound = self._softened(self.shelf.pictures, self.soft, sound_at)
        maybe = self._softened(self.faulty, self.soft_faulty, maybe_at)
        rows = np.concatenate([self.shelf.labels[sound_at], self.faulty_labels[maybe_at]])
        return augmented(torch.cat([sound, maybe]), self.rng), rows

    def _softened(self, crisp: torch.Tensor, soft: torch.Tensor | None, at: list[int]) -> torch.Tensor:
        """Take the softened twin of a picture where there is one, for most of the batches."""
        if soft is None or self.rng.random() > SOFT_SHARE:
            return crisp[at]
        has_soft = (torch.tensor(at) < len(soft))[:, None, None, None]
        return torch.where(has_soft, soft[[n % len(soft) for n in at]], crisp[at])


def _soft(split: Split) -> torch.Tensor | None:
    file = soft_file(split)
    return torch.from_numpy(np.load(file)) if file.exists() else None


def new_feed(rng: random.Random) -> Feed:
    """Load the drawn pictures, and the softened ones where they exist."""
    pixels, rows = load(FAULTY)
    return Feed(_shelf(), small(pixels), rows, _soft(TRAIN), _soft(FAULTY), rng)


def _rate(fraction: float, step: int) -> float:
    return min(1.0, (step + 1) / 60) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * fraction)))


def _losses(model: Any, feed: Feed, reader: Reader) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sentence loss and the claim loss of a fresh batch."""
    pictures, rows = feed.batch()
    with torch.autocast("cpu", torch.bfloat16):
        seen = model.encode_image(pictures, normalize=True).float()
        sentence = sentence_loss(model, seen[:SOUND], rows[:SOUND].tolist(), reader, feed.rng)
        tables = claim_tables(model, reader, feed.rng.choice(LANGUAGES))
        return sentence, claim_loss(model, seen, torch.from_numpy(rows), tables)


def train(stage: Stage, model: Any) -> None:
    """Train until the budget is spent and leave the averaged weights in `model`."""
    pair = Pair(model.named_parameters(), is_block, rates=(2e-3, 1.5e-3), decay=0.02)
    average = Average(model.state_dict(), decay=0.998)
    saved = stage.prepare()
    if saved is not None:
        model.load_state_dict(saved["model"])
        average.restore(saved["average"])
        pair.load_state_dict(saved["pair"])
    feed, reader = new_feed(random.Random(stage.budget.seed + stage.step)), Reader()
    losses: list[tuple[float, float]] = []
    for fraction in stage.steps({"model": model, "average": average, "pair": pair}):
        sentence, claims = _losses(model, feed, reader)
        pair.descend(sentence + 0.5 * claims, _rate(fraction, stage.step))
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(60))
        average.update(model.state_dict())
        losses.append((sentence.item(), claims.item()))
        if stage.step % LOG_EVERY == 0:
            mean = np.mean(losses[-LOG_EVERY:], axis=0)
            stage.log(f"sentences {mean[0]:.3f} claims {mean[1]:.3f}")
    model.load_state_dict(average.values)


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2400)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    stage = Stage("clip", Budget(options.seconds, options.threads))
    model = new_clip(FOLDER)
    train(stage, model)
    save_clip(model.state_dict(), FOLDER)
    stage.finish({"parameters": sum(p.numel() for p in model.parameters()), **clip_figures(FOLDER)})


if __name__ == "__main__":
    main()
