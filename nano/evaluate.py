"""Every figure of the practice models beside its goal: `python -m nano.evaluate`.

--write also puts the table into docs/nano-figures.md. The seconds per picture are the best of several
single runs, because the machine is shared.
"""

import argparse
import platform
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from nano.captions import LANGUAGES, canonical
from nano.clip import KINDS, Judge
from nano.clip_figures import claims_right, clip_figures
from nano.dataset import labels
from nano.gallery import RECIPES, Recipe, draw_prompts, load_pipeline
from nano.vocabulary import vocabulary
from nano.weights import LIMIT_BYTES, WEIGHTS, listed
from nano.world import SIDE, Picture, samples

FIGURES = Path(__file__).resolve().parent.parent / "docs" / "nano-figures.md"
TIMED_RUNS = 7
PROMPT_SEED = 77


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


def judged(judge: Judge, pictures: list[Image.Image], wanted: list[Asked]) -> dict[str, float]:
    """Return the shares of pictures whose claims are right, each in the language of its prompt."""
    rows = torch.from_numpy(labels([each.picture for each in wanted]))
    seen = judge.see(pictures)
    hits: dict[str, list[torch.Tensor]] = {kind: [] for kind in (*KINDS, "all")}
    for language in LANGUAGES:
        mine = torch.tensor([each.language == language for each in wanted])
        right = claims_right(judge, seen[mine], rows[mine], language)
        right["all"] = torch.stack(list(right.values())).all(0)
        whole = judge.answers("soundness", seen[mine], rows[mine][:, 0], language)[:, 0]
        for kind, value in {**right, "soundness": whole > 0.5}.items():
            hits[kind].append(value.float())
    return {kind: float(torch.cat(value).mean()) for kind, value in hits.items()}


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
    judge, wanted = Judge(weights / "clip"), asked(count)
    scores: dict[str, dict[str, float]] = {}
    for recipe in RECIPES:
        pictures = draw_prompts(
            load_pipeline(recipe.variant, weights), [each.text for each in wanted], recipe
        )
        scores[recipe.variant] = judged(judge, pictures, wanted)
    goals = {"base": 0.92, "turbo": 0.82}
    rows = [
        Figure(f"{variant} {kind} right", value, goals[variant] if kind == "all" else None)
        for variant, found in scores.items()
        for kind, value in found.items()
    ]
    gap = scores["base"]["all"] - scores["turbo"]["all"]
    return [*rows, Figure("Base all minus Turbo all", gap, 0.001)]


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


def _markdown(rows: list[Figure], count: int) -> str:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    head = (
        "# Figures of the practice models\n\n"
        f"Written by `python -m nano.evaluate --write` on {today}, on 2 shared {platform.machine()} CPU "
        f"cores; {count} prompts of combinations that were never trained on, zh and en in turn.\n\n"
        "| figure | measured | goal | met |\n| --- | --- | --- | --- |\n"
    )
    return head + "".join(f"| {' | '.join(row.cells())} |\n" for row in rows)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = figures(options.weights, options.prompts)
    table = Table("figure", "measured", "goal", "met")
    for row in rows:
        table.add_row(*row.cells())
    Console(width=100).print(table)
    if options.write:
        FIGURES.parent.mkdir(exist_ok=True)
        FIGURES.write_text(_markdown(rows, options.prompts), encoding="utf-8")


if __name__ == "__main__":
    main()
