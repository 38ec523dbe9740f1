"""Train Base and the text encoder together by rectified flow: `python -m nano.train_base`."""

import argparse
import random
from typing import Any

import numpy as np
import torch

from nano import team as teams
from nano.batched import forward
from nano.dataset import TRAIN, WORK
from nano.latents import load_latents
from nano.networks import new_text_encoder, new_transformer
from nano.optimisers import Pair
from nano.prompts import Prompts, states
from nano.stage import LOG_EVERY, Average, Budget, Stage
from nano.team import Team

RATES = (2.5e-3, 1.5e-3)
DECAY_SHARE = 0.45


class Drawer(torch.nn.Module):
    """The transformer and its text encoder, which learn together."""

    def __init__(self) -> None:
        """Make both fresh."""
        super().__init__()
        self.transformer = new_transformer()
        self.encoder = new_text_encoder()

    def forward(
        self, latents: torch.Tensor, time: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Return data minus noise for noisy latents and prompts, in full precision."""
        with torch.autocast("cpu", torch.bfloat16):
            return forward(self.transformer, latents, time, states(self.encoder, ids, mask), mask).float()


def is_block(name: str) -> bool:
    """Say whether a parameter is a matrix inside a block, which Muon trains."""
    return ".attention." in name or "feed_forward" in name or "self_attn" in name or ".mlp." in name


def times(count: int, generator: torch.Generator) -> torch.Tensor:
    """Draw training times: mostly logit-normal, leaning to noise, one in five uniform."""
    lean = torch.sigmoid(torch.randn(count, generator=generator) - 0.25)
    uniform = torch.rand(count, generator=generator)
    return torch.where(torch.rand(count, generator=generator) < 0.2, uniform, lean)


def rate(fraction: float, step: int) -> float:
    """Return the learning-rate multiplier: warm-up, flat, then linear decay."""
    return min(1.0, (step + 1) / 60) * (0.01 + 0.99 * min(1.0, (1 - fraction) / DECAY_SHARE))


def _loss(
    drawer: Drawer, clean: torch.Tensor, prompt: tuple[torch.Tensor, torch.Tensor], generator: torch.Generator
) -> torch.Tensor:
    time = times(len(clean), generator)
    noise = torch.randn(clean.shape, generator=generator)
    at = time[:, None, None, None]
    wanted = clean - noise
    loss: torch.Tensor = (drawer(at * clean + (1 - at) * noise, time, *prompt) - wanted).pow(2).mean()
    return loss


def _restore(stage: Stage, drawer: Drawer, average: Average, pair: Pair) -> None:
    saved = stage.prepare()
    if saved is not None:
        drawer.load_state_dict(saved["drawer"])
        average.restore(saved["average"])
        pair.load_state_dict(saved["pair"])


def train(team: Team, budget: Budget, batch: int) -> None:
    """Train on this worker's share of the batches until the budget is spent."""
    stage = Stage("base", budget)
    latents, pictures, prompts = load_latents(), TRAIN.pictures(), Prompts()
    drawer = Drawer()
    pair = Pair(drawer.named_parameters(), is_block, RATES, decay=0.01)
    average = Average(drawer.state_dict(), decay=0.998)
    _restore(stage, drawer, average, pair)
    seed = budget.seed + stage.step * team.size + team.rank
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    losses: list[float] = []
    for fraction in team.steps(stage, {"drawer": drawer, "average": average, "pair": pair}):
        chosen = torch.randint(0, len(latents), (batch,), generator=generator).tolist()
        prompt = prompts.batch([pictures[n] for n in chosen], rng)
        loss = _loss(drawer, latents[chosen].float(), prompt, generator)
        pair.descend(loss, rate(fraction, stage.step), team.average_gradients)
        losses.append(loss.item())
        if team.rank == 0:
            average.update(drawer.state_dict())
            if stage.step % LOG_EVERY == 0:
                stage.log(f"loss {np.mean(losses[-LOG_EVERY:]):.4f}")
    if team.rank == 0:
        samples = stage.step * batch * team.size
        stage.finish({"loss": round(float(np.mean(losses[-200:] or [0.0])), 4), "samples": samples})


def averaged() -> Drawer:
    """Return Base with the averaged weights of its checkpoint."""
    drawer = Drawer()
    saved: dict[str, Any] = torch.load(WORK / "base.pt", weights_only=False)
    drawer.load_state_dict(saved["parts"]["average"]["values"])
    return drawer.eval()


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=40, help="pictures per worker and step")
    options = parser.parse_args()
    teams.run(options.workers, train, Budget(options.seconds, threads=1), options.batch)


if __name__ == "__main__":
    main()
