"""Every figure of the practice models beside its goal: `python -m nano.evaluate`.

--write also puts the table into docs/nano-figures.md. Pictures of unchanged weights are kept in the work
folder. The seconds per picture are the best of several single runs, because the machine is shared.
"""

import argparse
import platform
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from nano.captions import LANGUAGES, canonical
from nano.clip import KINDS
from nano.clip import Judge as Clip
from nano.clip_figures import claims_right, clip_figures
from nano.dataset import labels
from nano.drawn import drawn
from nano.gallery import RECIPES, Recipe, draw_prompts, load_pipeline
from nano.judge.figures import WHOLLY, shares_right
from nano.judge.reader import Flags, Judge
from nano.vocabulary import vocabulary
from nano.weights import LIMIT_BYTES, WEIGHTS, listed
from nano.world import SIDE, Picture, samples

FIGURES = Path(__file__).resolve().parent.parent / "docs" / "nano-figures.md"
TIMED_RUNS = 7
PROMPT_SEED = 77
SECTION = "## Generated pictures, by CLIP and by the independent judge"


@dataclass(frozen=True)
class Figure:
    """One measured value with its goal; `goal` is a lower bound unless `upper`."""

    name: str
    value: float
    goal: float | None = None
    upper: bool = False
    digits: int = 3

    @property
    def met(self) -> str:
        """Say whether the goal is met; empty without a goal."""
        if self.goal is None:
            return ""
        good = self.value <= self.goal if self.upper else self.value >= self.goal
        return "yes" if good else "no"

    def cells(self) -> tuple[str, str, str, str]:
        """Return name, value, goal and verdict as text."""
        sign = "<=" if self.upper else ">="
        goal = "" if self.goal is None else f"{sign} {self.goal:g}"
        return self.name, f"{self.value:.{self.digits}f}", goal, self.met


@dataclass(frozen=True)
class Asked:
    """A prompt, the picture that it asks for, and its language."""

    picture: Picture
    language: str
    text: str


def asked(count: int, *, held: bool = True) -> list[Asked]:
    """Write canonical prompts, zh and en in turn, of combinations that were never trained on."""
    rng, words = random.Random(PROMPT_SEED), vocabulary()
    found = []
    for n, picture in enumerate(samples(count, PROMPT_SEED, held=held)):
        language = LANGUAGES[n % 2]
        material = rng.choice(words.materials).key if rng.random() < 0.5 else ""
        styles = [word.key for word in rng.sample(words.styles, rng.choice((0, 0, 1, 1, 2)))]
        found.append(Asked(picture, language, canonical(picture, language, material, styles)))
    return found


def verdicts(clip: Clip, pictures: list[Image.Image], wanted: list[Asked]) -> dict[str, Flags]:
    """Say for each picture which of CLIP's claims are right, each in the language of its prompt."""
    rows = torch.from_numpy(labels([each.picture for each in wanted]))
    seen = clip.see(pictures)
    found = {kind: np.zeros(len(wanted), bool) for kind in (*KINDS, "all")}
    for language in LANGUAGES:
        mine = torch.tensor([each.language == language for each in wanted])
        right = claims_right(clip, seen[mine], rows[mine], language)
        right["all"] = torch.stack(list(right.values())).all(0)
        whole = clip.answers("soundness", seen[mine], rows[mine][:, 0], language)[:, 0]
        for kind, value in {**right, "soundness": whole > 0.5}.items():
            found[kind][mine.numpy()] = value.numpy()
    return found


def seconds(recipe: Recipe, weights: Path) -> float:
    """Return the best time of one picture alone on two threads."""
    torch.set_num_threads(2)
    pipeline = load_pipeline(recipe.variant, weights)
    prompt = [asked(1)[0].text]
    best = float("inf")
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        draw_prompts(pipeline, list(prompt), recipe)
        best = min(best, time.perf_counter() - start)
    return best


def _clip_rows(weights: Path) -> list[Figure]:
    found = clip_figures(weights / "clip")
    goals = {"category": 0.95, "colour": 0.99, "background": 0.97, "auc": 0.99}
    rows = []
    for name, value in found.items():
        goal = 0.9 if name.startswith("soundness") else goals.get(name.split("_", 2)[-1])
        rows.append(Figure(f"CLIP {name.replace('_', ' ')}", value, goal))
    return rows


def _picture_rows(weights: Path, count: int) -> list[Figure]:
    """Judge both variants by CLIP and by the independent judge, on the same pictures."""
    clip, judge, wanted = Clip(weights / "clip"), Judge.load(), asked(count)
    rows, by_clip, by_judge = [], {}, {}
    for recipe in RECIPES:
        name = recipe.variant
        pictures = drawn(recipe, [each.text for each in wanted], weights)
        passed = verdicts(clip, pictures, wanted)
        reading = judge.read(np.stack([np.asarray(each) for each in pictures]))
        by_clip[name] = {kind: float(value.mean()) for kind, value in passed.items()}
        by_judge[name] = shares_right(reading, [each.picture for each in wanted])
        goals = {"all": {"base": 0.92, "turbo": 0.82}[name]}
        rows += [
            Figure(f"{name} {kind} right", value, goals.get(kind)) for kind, value in by_clip[name].items()
        ]
        rows += [
            Figure(f"{name} {kind} right, by the judge", value) for kind, value in by_judge[name].items()
        ]
        right = reading.right([each.picture for each in wanted])
        rows += _disagreements(name, passed["all"] & passed["soundness"], right)
    gap = by_clip["base"]["all"] - by_clip["turbo"]["all"]
    real = by_judge["base"][WHOLLY] - by_judge["turbo"][WHOLLY]
    return [
        *rows,
        Figure("Base all minus Turbo all", gap, 0.001),
        Figure(f"Base {WHOLLY} minus Turbo {WHOLLY}, by the judge", real),
    ]


def _disagreements(name: str, passed: Flags, right: Flags) -> list[Figure]:
    """Count CLIP's errors as shares of all pictures, with the independent judge as truth."""
    return [
        Figure(f"{name} right by the judge, doubted by CLIP", float((right & ~passed).mean())),
        Figure(f"{name} wrong by the judge, passed by CLIP", float((~right & passed).mean())),
    ]


def figures(weights: Path, count: int) -> list[Figure]:
    """Measure everything: CLIP, pictures, seconds, sizes."""
    times = {"turbo": 0.3, "base": 1.5}
    rows = [*_clip_rows(weights), *_picture_rows(weights, count)]
    rows += [
        Figure(
            f"{each.variant} seconds per picture, batch 1",
            seconds(each, weights),
            times[each.variant],
            upper=True,
        )
        for each in RECIPES
    ]
    size = sum(entry["bytes"] for entry in listed(weights).values())
    return [
        *rows,
        Figure("picture side in pixels", SIDE, 128, digits=0),
        Figure("weights in MB", size / 1e6, LIMIT_BYTES / 1e6, upper=True, digits=2),
    ]


def _rows(rows: list[Figure]) -> str:
    head = "| figure | measured | goal | met |\n| --- | --- | --- | --- |\n"
    return head + "".join(f"| {' | '.join(row.cells())} |\n" for row in rows)


def _how(option: str, count: int) -> str:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        f"Written by `python -m nano.evaluate {option}` on {today}, on 2 shared {platform.machine()} CPU "
        f"cores; {count} prompts of combinations that were never trained on, zh and en in turn.\n\n"
    )


def _markdown(rows: list[Figure], count: int) -> str:
    return f"# Figures of the practice models\n\n{_how('--write', count)}{_rows(rows)}"


def _with_generated(text: str, rows: list[Figure], count: int) -> str:
    """Put the figures of generated pictures into a section of their own at the end, in place of the last."""
    before = text.split(SECTION, maxsplit=1)[0].rstrip("\n")
    return f"{before}\n\n{SECTION}\n\n{_how('--generated --write', count)}{_rows(rows)}"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--generated", action="store_true", help="measure generated pictures only")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    measure = _picture_rows if options.generated else figures
    rows = measure(options.weights, options.prompts)
    table = Table("figure", "measured", "goal", "met")
    for row in rows:
        table.add_row(*row.cells())
    Console(width=100).print(table)
    if options.write and options.generated:
        text = _with_generated(FIGURES.read_text(encoding="utf-8"), rows, options.prompts)
        FIGURES.write_text(text, encoding="utf-8")
    elif options.write:
        FIGURES.parent.mkdir(exist_ok=True)
        FIGURES.write_text(_markdown(rows, options.prompts), encoding="utf-8")


if __name__ == "__main__":
    main()
