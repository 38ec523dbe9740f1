"""The figures of the practice CLIP: `python -m nano.clip_figures`."""

import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from nano.captions import LANGUAGES, canonical
from nano.clip import KINDS, Judge, auc
from nano.dataset import HELD, UNSEEN, UNSEEN_FAULTY, WORK, Split, load
from nano.vocabulary import vocabulary
from nano.world import Picture


def _images(split: Split) -> tuple[list[Image.Image], torch.Tensor]:
    pixels, labels = load(split)
    return [Image.fromarray(np.asarray(each)) for each in pixels], torch.from_numpy(labels)


def claims_right(
    judge: Judge, seen: torch.Tensor, labels: torch.Tensor, language: str
) -> dict[str, torch.Tensor]:
    """Say for each picture and attribute whether the right claim wins; labels (n, 4 or more)."""
    right = {}
    for n, kind in enumerate(KINDS[:4]):
        answers = judge.answers(kind, seen, labels[:, 0], language)
        right[kind] = answers.argmax(1) == labels[:, n]
    return right


def wrong_in_one(picture: Picture, attribute: str, rng: random.Random) -> Picture:
    """Return the attributes with exactly one changed."""
    words = vocabulary()
    column = {
        "category": words.subjects,
        "colour": words.colours,
        "background": words.backgrounds,
        "shot": words.shots,
    }
    others = [word.key for word in column[attribute] if word.key != getattr(picture, attribute)]
    keys = {name: getattr(picture, name) for name in KINDS[:4]}
    return Picture(**{**keys, attribute: rng.choice(others)}, seed=0)


def sentence_auc(
    judge: Judge, seen: torch.Tensor, pictures: list[Picture], language: str
) -> dict[str, float]:
    """Return AUCs of the right sentence against sentences wrong in exactly one attribute."""
    rng = random.Random(7)
    right = (seen * judge.read([canonical(each, language) for each in pictures])).sum(1)
    found, every = {}, []
    for attribute in KINDS[:4]:
        texts = [canonical(wrong_in_one(each, attribute, rng), language) for each in pictures]
        wrong = (seen * judge.read(texts)).sum(1)
        found[f"auc_{attribute}"] = auc(right, wrong)
        every.append(wrong)
    return {"auc": auc(right, torch.cat(every)), **found}


def soundness_auc(judge: Judge, seen: torch.Tensor, labels: torch.Tensor, language: str) -> float:
    """Return how well the soundness claim separates sound from faulty pictures."""
    whole = judge.answers("soundness", seen, labels[:, 0], language)[:, 0]
    return auc(whole[labels[:, 4] == 0], whole[labels[:, 4] != 0])


def clip_figures(folder: Path) -> dict[str, float]:
    """Measure a CLIP folder on unseen pictures, held-out combinations and faulty drawings."""
    judge = Judge(folder)
    figures: dict[str, float] = {}
    for split in (UNSEEN, HELD):
        images, labels = _images(split)
        seen = judge.see(images)
        for language in LANGUAGES:
            right = claims_right(judge, seen, labels, language)
            right["all"] = torch.stack(list(right.values())).all(0)
            scores = {kind: float(value.float().mean()) for kind, value in right.items()}
            scores |= sentence_auc(judge, seen, split.pictures(), language)
            figures |= {f"{split.name}_{language}_{name}": round(score, 4) for name, score in scores.items()}
    images, labels = _images(UNSEEN_FAULTY)
    seen = judge.see(images)
    for language in LANGUAGES:
        figures[f"soundness_auc_{language}"] = round(soundness_auc(judge, seen, labels, language), 4)
    return figures


def main() -> None:
    """Print the figures of the CLIP in the work folder."""
    for name, score in clip_figures(WORK / "clip").items():
        print(f"{name}: {score}")


if __name__ == "__main__":
    main()
