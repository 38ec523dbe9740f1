"""Train the judge and write its weights: `python -m nano.judge.train`, after `stream` and `softened`."""

import argparse
import json
import math
import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional

from nano.dataset import Pixels
from nano.judge.figures import judge_figures
from nano.judge.network import HEADS, Network
from nano.judge.reader import FILE, WEIGHTS
from nano.judge.softened import FILE as SOFT
from nano.judge.stream import TRAIN, UNKNOWN, load
from nano.stage import LOG_EVERY, Average, Budget, Stage
from nano.weights import write_manifest

BATCH = 64
SOFT_SHARE = 0.4
RATE, DECAY = 2e-3, 0.05
CARD = """---
license: apache-2.0
---

# nano judge

A small convolutional net that reads 128 px pictures of the drawn world: category, colour, background, shot,
and whether the drawing is whole. Trained apart from the practice CLIP, on its own pictures. **Not for product
use**: it is the truth of benchmarks in a drawn world and knows nothing of real products.

Load it with `nano.judge.reader.Judge.load()`; made by `python -m nano.judge.train`, see `nano/README.md`.
"""


def _disturbed(pictures: torch.Tensor) -> torch.Tensor:
    """Move, soften or sharpen, tint and disturb each picture (bytes) in its own measure; -1 to 1."""
    x = pictures.float() / 127.5 - 1
    count = len(x)

    def spread(low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, *(shape or (1, 1, 1)))

    zoom, zero = spread(0.955, 1.045)[:, 0, 0], torch.zeros(count, 1)
    shift_x, shift_y = spread(-0.05, 0.05)[:, 0, 0], spread(-0.05, 0.05)[:, 0, 0]
    matrix = torch.stack([zoom, zero, shift_x, zero, zoom, shift_y], 2).view(count, 2, 3)
    grid = functional.affine_grid(matrix, list(x.shape), align_corners=False)
    x = functional.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
    soft = functional.avg_pool2d(functional.pad(x, (2, 2, 2, 2), mode="replicate"), 5, 1)
    x = x + (soft - x) * spread(-0.4, 0.9)
    x = x * spread(0.94, 1.04) + spread(-0.04, 0.04, 3, 1, 1)
    coarse = functional.interpolate(torch.randn(count, 3, 16, 16), size=x.shape[-1], mode="bilinear")
    return x + torch.randn_like(x) * spread(0, 0.06) + coarse * spread(0, 0.08)


class Feed:
    """Batches of the judge's pictures, some of them softened."""

    def __init__(self, seed: int) -> None:
        """Load what was drawn, and what was softened so far."""
        self.crisp, self.truths = load(TRAIN)
        self.soft: Pixels = np.load(SOFT, mmap_mode="r") if SOFT.exists() else self.crisp
        self.chance = np.random.default_rng(seed)

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return disturbed pictures (n, 3, 128, 128) and truths (n, 5)."""
        softened = self.chance.random() < SOFT_SHARE
        source = self.soft if softened else self.crisp
        at = np.sort(self.chance.choice(len(source), BATCH, replace=False))
        pictures = torch.from_numpy(source[at]).permute(0, 3, 1, 2)
        return _disturbed(pictures), torch.from_numpy(self.truths[at])


def _loss(network: Network, feed: Feed) -> torch.Tensor:
    pictures, truths = feed.batch()
    with torch.autocast("cpu", torch.bfloat16):
        found = network(pictures.contiguous(memory_format=torch.channels_last))
    total = torch.zeros(())
    for n, name in enumerate(HEADS):
        weight = 2.0 if name == "fault" else 0.5
        loss = functional.cross_entropy(found[name].float(), truths[:, n], ignore_index=UNKNOWN)
        total = total + weight * loss
    return total


def _floats(network: Network) -> dict[str, torch.Tensor]:
    """Return all state but the counters of the normalisations."""
    return {name: value for name, value in network.state_dict().items() if value.is_floating_point()}


def _rate(fraction: float, step: int) -> float:
    return RATE * min(1.0, (step + 1) / 100) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * fraction)))


def train(stage: Stage, network: Network) -> None:
    """Train until the budget is spent and leave the averaged weights in `network`."""
    saved = stage.prepare()
    if saved:
        network.load_state_dict(saved["model"])
    average = Average(_floats(network), decay=0.998)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    if saved:
        average.restore(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
    feed, losses = Feed(stage.budget.seed + stage.step), [0.0]
    for fraction in stage.steps({"model": network, "average": average, "optimiser": optimiser}):
        optimiser.param_groups[0]["lr"] = _rate(fraction, stage.step)
        optimiser.zero_grad()
        loss = _loss(network, feed)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        average.update(_floats(network))
        losses.append(loss.item())
        if stage.step % (4 * LOG_EVERY) == 0:
            stage.log(f"loss {np.mean(losses[-4 * LOG_EVERY :]):.4f}")
    network.load_state_dict({**network.state_dict(), **average.values})


def save(network: Network, stage: Stage, folder: Path = WEIGHTS) -> None:
    """Write the weights in half precision, with a card and a manifest that tells how they were made."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(half, folder / FILE)
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
    cost = {"steps": stage.step, "wall_s": round(stage.elapsed), "cpu_s": round(stage.cpu)}
    made = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"2 shared {platform.machine()} CPU cores",
        "torch": torch.__version__,
        **cost,
        "figures": judge_figures(folder),
    }
    write_manifest(folder, made)
    print(json.dumps(made, indent=1))


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    stage = Stage("judge", Budget(options.seconds, options.threads, seed=71))
    torch.manual_seed(stage.budget.seed)
    network = Network().to(memory_format=torch.channels_last)
    train(stage, network)
    save(network, stage, options.out)


if __name__ == "__main__":
    main()
