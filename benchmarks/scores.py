"""Every figure of the scores beside its goal.

Run in the repository's root: python -m benchmarks.scores [--count N] [--made N] [--tifa FOLDER] [--write]

Drawn pictures come from nano.world with seeds that neither training nor the fit used; generated ones from the
practice Turbo and Base, with an independent judge (nano/judge) for their truth. The first run makes some
hundred pictures and keeps them in benchmarks/work. --write puts the table and the plots into docs/.
"""

import argparse
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import scores_plots as plots
from benchmarks.scores_cases import Case, Pixels, cases, pixels_of, scores_of, specs_of
from benchmarks.scores_figures import Row, markdown, named
from benchmarks.scores_generated import generated_rows
from benchmarks.scores_sights import sight_rows
from benchmarks.scores_speed import large_speed, speeds
from benchmarks.scores_tifa import read_tifa, tifa_table
from schemas import Claim, PromptSpec, Scores
from zimage_core.judging import default_policy, judge
from zimage_core.scoring import ClaimScorer, build_scorer
from zimage_core.scoring.claims import Encoder
from zimage_core.scoring.clip import ClipModel
from zimage_core.scoring.reliability import at_gate, auc, bins_of, calibration_error, diagram
from zimage_core.scoring.sources import source_of

SEED = 20_261_120
DOCS = Path(__file__).resolve().parent.parent / "docs"
Values = NDArray[np.float64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Drawn:
    """The drawn cases as they were measured."""

    cases: tuple[Case, ...]
    specs: tuple[PromptSpec, ...]
    pictures: tuple[Pixels, ...]
    scores: tuple[Scores, ...]
    cosines: Values

    @property
    def right(self) -> Truth:
        """Whether each picture shows what was asked."""
        return np.array([not case.wrong for case in self.cases])

    @property
    def p(self) -> Values:
        """Each picture's p_accept."""
        return np.array([each.p_accept for each in self.scores])

    @property
    def claims(self) -> list[tuple[Claim, ...]]:
        """What each picture claims."""
        return [spec.claims for spec in self.specs]


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=Path("nano/weights"))
    parser.add_argument("--clip", default="nano", help="what --tifa is judged with, as the setting names it")
    parser.add_argument("--count", type=int, default=1200, help="drawn pictures")
    parser.add_argument("--made", type=int, default=160, help="forms that pictures are generated for")
    parser.add_argument("--tifa", type=Path, help="folder of TIFA160's human annotations and pictures")
    parser.add_argument("--write", action="store_true", help="put the table and the plots into docs/")
    options = parser.parse_args()
    if options.tifa:
        print(tifa(options.tifa, options.clip, options.weights))
        return
    began = time.monotonic()
    scorer = build_scorer("nano", options.weights)
    drawn = measured(options.count, options.weights, scorer)
    generated, sets = generated_rows(options.made, SEED + 1, options.weights, scorer)
    rows = [*drawn_rows(drawn), *generated, *speed_rows(drawn, options.weights, scorer)]
    page = "\n\n".join(
        [
            markdown(("what", "measured", "goal", "met", "how"), [row.cells for row in rows]),
            "## By kind of picture\n\n" + by_group(drawn),
            "## Ways of looking\n\n" + sight_rows(options.weights, drawn.pictures, drawn.claims, drawn.right),
            "## Reliability on drawn pictures\n\n```\n" + diagram(bins_of(drawn.p, drawn.right)) + "\n```",
        ]
    )
    print(f"{page}\n\n{time.monotonic() - began:.0f} s")
    if options.write:
        write(page, drawn, sets, options)


def measured(count: int, weights: Path, scorer: ClaimScorer) -> Drawn:
    """Draw, score, and take the raw cosine of picture and English prompt."""
    chosen = list(cases(count, SEED))
    pictures = pixels_of(chosen, weights)
    specs = specs_of([case.asked for case in chosen])
    scores = scores_of(scorer, pictures, [spec.claims for spec in specs])
    encoder = ClipModel.load(source_of("nano", weights))
    return Drawn(
        tuple(chosen), tuple(specs), tuple(pictures), tuple(scores), cosines(encoder, pictures, specs)
    )


def cosines(encoder: Encoder, pictures: Sequence[Pixels], specs: Sequence[PromptSpec]) -> Values:
    """Return the cosine of each picture with its English prompt."""
    seen = encoder.encode_pictures(pictures)
    said = encoder.encode_texts([spec.scoring or spec.text for spec in specs])
    return np.asarray((seen * said).sum(1), np.float64)


def drawn_rows(drawn: Drawn) -> list[Row]:
    """Return the figures on drawn pictures, and the raw cosine's beside them."""
    right, p, policy = drawn.right, drawn.p, default_policy()
    verdicts = [judge(each, policy, 0) for each in drawn.scores]
    passed = np.array([verdict.outcome == "accepted" for verdict in verdicts])
    failed = [
        (case.wrong, named(verdict))
        for case, verdict in zip(drawn.cases, verdicts, strict=True)
        if case.wrong and verdict.outcome != "accepted"
    ]
    raw, scaled = drawn.cosines, np.clip(2.5 * drawn.cosines, 0, 1)
    gate = partial(at_gate, right=right, gate=policy.gate)
    mistaken = np.array([bool(case.wrong) and not case.drawn.fault for case in drawn.cases])
    broken = np.array([bool(case.drawn.fault) for case in drawn.cases])
    return [
        Row("drawn: AUC of p(accept)", auc(p, right), 0.98, note=f"{len(p)} pictures, half right"),
        Row("drawn: AUC, right against mistaken in one attribute", auc(p[~broken], right[~broken])),
        Row("drawn: AUC, right against broken", auc(p[~mistaken], right[~mistaken])),
        Row("drawn: expected calibration error", calibration_error(p, right), 0.03, at_most=True),
        Row(
            "drawn: failures whose first named claim is the wrong one",
            float(np.mean([wrong == name for wrong, name in failed])),
            0.95,
            note=f"{len(failed)} failures",
        ),
        Row("drawn: right pictures stopped at the gate", 1 - passed[right].mean(), 0.05, at_most=True),
        Row("drawn: wrong pictures accepted", float(passed[~right].mean())),
        Row("drawn: precision at the gate", gate(p).precision, note=f"keeps {gate(p).kept:.1%}"),
        Row("drawn: AUC of the raw cosine", auc(raw, right), note="picture with its English prompt"),
        Row("drawn: calibration error of 2.5 x cosine", calibration_error(scaled, right)),
        Row(
            "drawn: precision of 2.5 x cosine at the gate",
            gate(scaled).precision,
            note=f"keeps {gate(scaled).kept:.1%}, stops {gate(scaled).stopped:.1%} of right ones",
        ),
    ]


def speed_rows(drawn: Drawn, weights: Path, scorer: ClaimScorer) -> list[Row]:
    """Return how fast the scorer is beside open_clip alone."""
    some, asked = drawn.pictures[:16], drawn.claims[:16]
    whole, alone = speeds(scorer, weights, some, asked)
    large = large_speed(drawn.pictures[:4], asked[:1] * 4)
    return [
        Row(
            "scorer / open_clip's forward (pictures and texts)", whole, 0.9, note="practice CLIP, batch of 16"
        ),
        Row("scorer / open_clip, pictures alone", alone, note="practice CLIP, 1 ms a picture, texts cached"),
        Row(
            "scorer / open_clip, pictures alone, ViT-B-32",
            large,
            0.9,
            note="random weights, 1024 px, batch of 4",
        ),
    ]


def by_group(drawn: Drawn) -> str:
    """Return how many of each kind of picture pass, as a table."""
    groups: dict[str, list[float]] = {}
    for case, scores in zip(drawn.cases, drawn.scores, strict=True):
        groups.setdefault(case.group, []).append(
            float(judge(scores, default_policy(), 0).outcome == "accepted")
        )
    rows = [(name, str(len(each)), f"{np.mean(each):.1%}") for name, each in sorted(groups.items())]
    return markdown(("pictures", "number", "accepted"), rows)


def tifa(folder: Path, clip: str, weights: Path) -> str:
    """Return the table of TIFA160, by the CLIP that `clip` names."""
    rated, missing = read_tifa(folder)
    scorer = build_scorer(clip, weights)
    table = tifa_table(rated, scorer, ClipModel.load(source_of(clip, weights)))
    return f"{len(rated)} pictures, {missing} more that are not in the folder; CLIP {clip}\n\n{table}"


def write(
    page: str, drawn: Drawn, sets: dict[str, tuple[Values, Truth]], options: argparse.Namespace
) -> None:
    """Put the table between the marks of docs/scores.md, and the plots beside it."""
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    made = (
        f"Written by `python -m benchmarks.scores --count {options.count} --made {options.made} --write` "
        f"on {when}, on a shared {platform.machine()} machine of 2 cores, Python {platform.python_version()}."
    )
    path = DOCS / "scores.md"
    before, _, rest = path.read_text(encoding="utf-8").partition("<!-- figures -->")
    _, _, after = rest.partition("<!-- /figures -->")
    path.write_text(f"{before}<!-- figures -->\n{made}\n\n{page}\n<!-- /figures -->{after}", encoding="utf-8")
    plots.reliability(DOCS / "scores-reliability.png", {"drawn": (drawn.p, drawn.right), **sets})
    plots.roc(DOCS / "scores-roc.png", {"p(accept)": drawn.p, "raw cosine": drawn.cosines}, drawn.right)
    plots.histogram(DOCS / "scores-histogram.png", drawn.p, drawn.right, default_policy().gate)


if __name__ == "__main__":
    main()
