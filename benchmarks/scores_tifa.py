"""TIFA160: 800 pictures of five generators with two people's ratings, read from its public layout.

The folder is what github.com/Yushi-Hu/tifa calls human_annotations: human_annotations_with_scores.json (or
human_annotations.json), and the pictures of its download beside it or in a folder below. Pictures that are
not there are left out and counted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.scores_cases import scores_of
from benchmarks.scores_figures import markdown, spearman
from schemas import Claim, ClaimOption, SettingsInvalid
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.claims import Encoder
from zimage_core.scoring.reliability import auc

NAMES = ("human_annotations_with_scores.json", "human_annotations.json")
FAITHFUL = 4.5
"""Mean rating, of 5, from which a picture counts as right."""

RIVALS = 19
"""Other prompts that a picture's own must be told from."""


@dataclass(frozen=True)
class Rated:
    """One picture, its prompt, the mean of its ratings (1..5), and what published metrics gave it."""

    picture: Path
    text: str
    rating: float
    metrics: dict[str, float]


def read_tifa(folder: Path) -> tuple[list[Rated], int]:
    """Return the rated pictures that are there, and how many are not; raise SettingsInvalid by name."""
    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if path is None:
        raise SettingsInvalid(f"{folder} holds neither {' nor '.join(NAMES)}.")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        rated = [_rated(folder, entry) for entry in entries.values()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsInvalid(f"{path.name} is not in TIFA160's layout: {error!r}.") from error
    there = [each for each in rated if each.picture.is_file()]
    return there, len(rated) - len(there)


def tifa_table(rated: Sequence[Rated], scorer: ClaimScorer, encoder: Encoder) -> str:
    """Hold each picture against its prompt by every measure, beside the ratings, as a Markdown table."""
    pictures = [np.asarray(Image.open(each.picture).convert("RGB")) for each in rated]
    scores = scores_of(scorer, pictures, [(claim,) for claim in claims_of(rated)])
    vectors = encoder.encode_pictures(pictures)
    cosines = np.array(
        [encoder.encode_texts([each.text])[0] @ vector for each, vector in zip(rated, vectors, strict=True)]
    )
    columns = {"p(accept)": np.array([each.p_accept for each in scores]), "cosine": cosines}
    columns["2.5 x cosine"] = np.clip(2.5 * cosines, 0, None)
    shared = set.intersection(*(set(each.metrics) for each in rated))
    columns |= {f"published {name}": np.array([r.metrics[name] for r in rated]) for name in sorted(shared)}
    ratings = np.array([each.rating for each in rated])
    rows = [
        (name, f"{spearman(values, ratings):.3f}", f"{auc(values, ratings >= FAITHFUL):.3f}")
        for name, values in columns.items()
    ]
    return markdown(("measure", "Spearman with people", f"AUC, rating at least {FAITHFUL}"), rows)


def claims_of(rated: Sequence[Rated]) -> list[Claim]:
    """Claim of each picture that it shows its own prompt and not RIVALS others, spread over the set."""
    texts = sorted({each.text for each in rated})
    made = []
    for each in rated:
        place = texts.index(each.text)
        step = max(1, (len(texts) - 1) // RIVALS)
        rivals = [texts[(place + 1 + k * step) % len(texts)] for k in range(min(RIVALS, len(texts) - 1))]
        options = [ClaimOption(value=f"prompt_{texts.index(text)}", texts=(text,)) for text in rivals]
        truth = ClaimOption(value=f"prompt_{place}", texts=(each.text,))
        made.append(Claim(kind="prompt", truth=truth, distractors=tuple(options)))
    return made


def _rated(folder: Path, entry: dict[str, object]) -> Rated:
    name = str(entry["image_path"])
    below = sorted(each / name for each in folder.iterdir() if each.is_dir() and (each / name).is_file())
    ratings = entry["human_scores"]
    if not isinstance(ratings, list) or not ratings:
        raise ValueError(f"human_scores of {name} is no list of ratings")
    metrics = {
        key: float(value)
        for key, value in entry.items()
        if isinstance(value, int | float) and key != "human_avg"
    }
    return Rated(below[0] if below else folder / name, str(entry["text"]), float(np.mean(ratings)), metrics)
