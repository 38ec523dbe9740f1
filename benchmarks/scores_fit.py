"""Fit the fusion's coefficients on drawn pictures whose truth is known, and show what the gate then does.

Run in the repository's root: python -m benchmarks.scores_fit [--weights DIR] [--count N] [--seed N]

Pictures come from nano.world, half of them in combinations that no training saw. A third is right, a third
is asked for with one attribute changed, a third is drawn unsound; half of all pass through the practice VAE
with disturbed latents, as a generator would leave them. Fits on one half, where right and wrong weigh the
same, and reports on the other. Prints the lines for zimage_core/scoring/fusion.toml; nothing is written.
"""

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nano.vocabulary import vocabulary
from nano.world import Picture, draw, samples, unsound
from prompt_rules import RuleTables, compile_prompt, default_tables_folder
from schemas import ProductForm, Scores, ShotType
from zimage_core.judging import default_policy, judge
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.clip import ClipModel
from zimage_core.scoring.fusion import Fusion, load_fusion, log_odds
from zimage_core.scoring.sources import source_of

ATTRIBUTES = ("category", "colour", "background", "shot")
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A picture as drawn, what was asked for, and what is wrong with it ("" is right)."""

    drawn: Picture
    asked: Picture
    wrong: str
    soft: bool


def main() -> None:
    """Draw, score, fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=Path("nano/weights"), help="holds clip and vae")
    parser.add_argument("--count", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=90210)
    options = parser.parse_args()
    chosen = list(cases(options.count, options.seed))
    scores = measured(chosen, options.weights)
    right = np.array([not case.wrong for case in chosen], np.float64)
    shipped = load_fusion()
    features = np.array([features_of(each, shipped) for each in scores])
    half = len(chosen) // 2
    weights = fitted(features[half:], right[half:])
    print_lines(weights, shipped)
    ours, product = (
        np.array([each.p_accept for each in scores]),
        np.array([np.prod([claim.p for claim in each.claims]) for each in scores]),
    )
    report("shipped, all cases", ours, chosen, scores)
    report("shipped, reported half", ours[:half], chosen[:half], scores[:half])
    report("fitted, reported half", sigmoid(features[:half] @ weights), chosen[:half], scores[:half])
    report("product of claims, reported half", product[:half], chosen[:half], scores[:half])


def cases(count: int, seed: int) -> Iterator[Case]:
    """Yield right, mistaken and unsound cases in turn."""
    rng = random.Random(seed)  # noqa: S311  # chance of drawing, no secret
    known, unknown = samples(count, seed, held=False), samples(count, seed, held=True)
    for number in range(count):
        picture, soft = next(unknown if number % 4 < 2 else known), number % 2 == 1
        match number // 4 % 3:
            case 0:
                yield Case(picture, picture, "", soft)
            case 1:
                attribute = rng.choice(possible(picture))
                yield Case(picture, changed(picture, attribute, rng), attribute, soft)
            case _:
                broken = unsound(picture, rng)
                yield Case(broken, replace(broken, fault=""), f"unsound {broken.fault}", soft)


def possible(picture: Picture) -> tuple[str, ...]:
    """List the attributes that can be asked for otherwise: a close-up claims no background."""
    return ("category", "colour", "shot") if picture.shot == "detail" else ATTRIBUTES


def changed(picture: Picture, attribute: str, rng: random.Random) -> Picture:
    """Return the attributes with exactly one changed to another value of the rule tables."""
    words = vocabulary()
    if picture.shot == "white_main" and attribute == "background":
        picture = replace(picture, shot="scene")
    column = {
        "category": words.subjects,
        "colour": words.colours,
        "background": words.backgrounds,
        "shot": words.shots,
    }
    others = [word.key for word in column[attribute] if word.key != getattr(picture, attribute)]
    fields = {**vars(picture), attribute: rng.choice(others)}
    return Picture(**fields)


def measured(chosen: list[Case], weights: Path) -> list[Scores]:
    """Score every case with the shipped fusion."""
    tables = RuleTables.load(default_tables_folder())
    scorer = ClaimScorer(ClipModel.load(source_of(str(weights / "clip"), weights)), load_fusion())
    soften = softener(weights / "vae")
    found = []
    for case in chosen:
        picture = np.asarray(draw(case.drawn))
        asked = case.asked
        form = ProductForm(
            sku="FIT-1",
            title="fit",
            category=asked.category,
            colour=asked.colour,
            background=asked.background,
            shots=(ShotType(asked.shot),),
            channels=("taobao",),
        )
        claims = compile_prompt(form, ShotType(asked.shot), tables).claims
        found.append(scorer.score(soften(picture, case.drawn.seed) if case.soft else picture, claims))
    return found


def softener(folder: Path) -> Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]:
    """Return a function that passes a picture through the VAE with disturbed latents."""
    import torch
    from diffusers import AutoencoderKL

    from nano.vae import decode, encode, to_tensor

    vae = AutoencoderKL.from_pretrained(folder).eval()

    @torch.no_grad()
    def soften(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        chance = torch.Generator().manual_seed(seed)
        latents = encode(vae, to_tensor(picture[None]))
        latents += torch.randn(latents.shape, generator=chance) * 0.25 * torch.rand((), generator=chance)
        pixels = (decode(vae, latents)[0].clamp(-1, 1).permute(1, 2, 0) + 1) * 127.5
        return np.asarray(pixels.round().byte().numpy())

    return soften


def features_of(scores: Scores, fusion: Fusion) -> list[float]:
    """Return 1, the worst and the mean log-odds, and each check's excess beyond its bound, all unweighted."""
    odds = [log_odds(claim.p) for claim in scores.claims]
    unweighted = [each.model_copy(update={"weight": -1.0}) for each in fusion.checks]
    excess = [each.log_odds(scores.claims, scores.checks) for each in unweighted]
    return [1.0, min(odds), sum(odds) / len(odds), *excess]


def fitted(features: Values, right: Values, ridge: float = 1e-3, rounds: int = 20_000) -> Values:
    """Fit logistic weights by projected gradient descent; all but the bias stay at 0 or more.

    Right and wrong weigh the same whatever their numbers.
    """
    scale = np.maximum(np.abs(features).max(0), 1e-9)
    share = balanced(right == 1)
    scaled, weights = features / scale, np.zeros(features.shape[1])
    for _ in range(rounds):
        slope = scaled.T @ (share * (sigmoid(scaled @ weights) - right)) + ridge * weights
        weights -= 2.0 * slope
        weights[1:] = np.maximum(weights[1:], 0.0)
    return np.asarray(weights / scale)


def sigmoid(values: Values) -> Values:
    """Return 1 / (1 + e^-values)."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -700, 700))))


def print_lines(weights: Values, fusion: Fusion) -> None:
    """Print the coefficients as the data file wants them."""
    print(f"bias = {weights[0]:.3f}\nworst = {weights[1]:.3f}\nmean = {weights[2]:.3f}")
    for check, weight in zip(fusion.checks, weights[3:], strict=True):
        print(f"{check.check} {check.when} {check.side} {check.bound}: weight = {-weight:.4f}")


def report(name: str, p: Values, chosen: list[Case], scores: list[Scores]) -> None:
    """Print what separates right from wrong, and what passes the gate of each kind."""
    policy = default_policy()
    right = np.array([not case.wrong for case in chosen])
    passed = np.array(
        [
            judge(each.model_copy(update={"p_accept": value}), policy, 0).outcome == "accepted"
            for each, value in zip(scores, p.tolist(), strict=True)
        ]
    )
    error = calibration_error(p, right)
    print(f"\n{name}: AUC {auc(p[right], p[~right]):.4f}, ECE {error:.3f}, ", end="")
    print(f"right stopped {1 - passed[right].mean():.1%}, wrong accepted {passed[~right].mean():.1%}")
    groups: dict[str, list[bool]] = {}
    for case, through in zip(chosen, passed.tolist(), strict=True):
        groups.setdefault(case.wrong or f"right {'soft' if case.soft else 'crisp'}", []).append(through)
    for group, through in sorted(groups.items()):
        print(f"  {group:<28} {sum(through):>4} of {len(through):>4} accepted")


def auc(right: Values, wrong: Values) -> float:
    """Return how often a right picture scores above a wrong one, ties counted half."""
    below = (right[:, None] > wrong[None]).mean()
    return float(below + 0.5 * (right[:, None] == wrong[None]).mean())


def calibration_error(p: Values, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins, right and wrong weighing the same."""
    share = balanced(right)
    which = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs((share * (p - right))[which == k].sum()) for k in range(bins)))


def balanced(right: NDArray[np.bool_]) -> Values:
    """Return a weight per case that adds up to one half over the right ones and over the wrong ones."""
    return np.asarray(np.where(right, 0.5 / right.sum(), 0.5 / (~right).sum()))


if __name__ == "__main__":
    main()
