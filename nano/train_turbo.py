"""Distil Turbo from Base: `python -m nano.train_turbo`. Guidance and steps go into the weights.

A rolling batch of trajectories stands at staggered steps of the 8-step schedule. Over each interval the
teacher (Base with guidance) makes two Euler substeps and the student learns the mean velocity; the next
state is the teacher's or the student's own, half and half, so that the student meets its own errors.
"""

import argparse
import copy
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from nano import team as teams
from nano.batched import forward
from nano.dataset import TRAIN
from nano.latents import load_latents
from nano.networks import new_scheduler
from nano.optimisers import Pair
from nano.prompts import Prompts, states
from nano.stage import Average, Budget, Stage
from nano.team import Team
from nano.tokenizer import BUCKETS
from nano.train_base import averaged, is_block
from nano.world import Picture

STEPS = 8
SUBSTEPS = 2
GUIDANCE = 2.0
RATES = (8e-4, 4e-4)
LOG_TURBO = 20
Prompt = tuple[torch.Tensor, torch.Tensor]


def schedule() -> torch.Tensor:
    """Return the 9 noise levels of the shipped scheduler's 8 steps, 1 first, 0 last."""
    scheduler = new_scheduler()
    scheduler.set_timesteps(STEPS)
    return torch.as_tensor(scheduler.sigmas, dtype=torch.float32)


@torch.no_grad()
def _read(encoder: Any, prompts: Prompts, texts: list[str], bucket: int) -> Prompt:
    ids, mask = prompts.ids(texts, bucket)
    with torch.autocast("cpu", torch.bfloat16):
        return states(encoder, ids, mask).float(), mask


def _velocity(net: Any, x: torch.Tensor, sigma: torch.Tensor, prompt: Prompt) -> torch.Tensor:
    """Return noise minus data, as the scheduler wants it."""
    with torch.autocast("cpu", torch.bfloat16):
        return -forward(net, x, 1 - sigma, *prompt).float()


@dataclass
class Teacher:
    """Base with guidance, frozen."""

    net: Any
    empty: dict[int, Prompt]

    @torch.no_grad()
    def follow(self, x: torch.Tensor, start: torch.Tensor, end: torch.Tensor, prompt: Prompt) -> torch.Tensor:
        """Return the state at `end` after the guided substeps from `start`."""
        words, mask = prompt
        blank, blank_mask = (part.expand(len(x), *part.shape[1:]) for part in self.empty[words.shape[1]])
        both = torch.cat([words, blank]), torch.cat([mask, blank_mask])
        for n in range(SUBSTEPS):
            here, there = start + (end - start) * n / SUBSTEPS, start + (end - start) * (n + 1) / SUBSTEPS
            asked, plain = _velocity(self.net, torch.cat([x, x]), torch.cat([here, here]), both).chunk(2)
            x = x + (there - here)[:, None, None, None] * (asked + GUIDANCE * (asked - plain))
        return x


class Rolling:
    """Trajectories of one text bucket at staggered steps; finished ones start again from noise."""

    def __init__(self, encoder: Any, bucket: int, count: int, seed: int) -> None:
        """Start every trajectory at its step from a noised training picture."""
        self.encoder, self.bucket = encoder, bucket
        self.prompts, self.pictures = Prompts(), TRAIN.pictures()
        self.rng, self.generator = random.Random(seed), torch.Generator().manual_seed(seed)
        chosen = torch.randint(0, len(self.pictures), (count,), generator=self.generator).tolist()
        self.words, self.mask = self._prompt([self.pictures[n] for n in chosen])
        self.at = torch.arange(count) % STEPS
        sigma = schedule()[self.at][:, None, None, None]
        clean = load_latents()[chosen].float()
        self.x = (1 - sigma) * clean + sigma * torch.randn(clean.shape, generator=self.generator)

    def _prompt(self, pictures: list[Picture]) -> Prompt:
        long = self.bucket == BUCKETS[1]
        texts = [self.prompts.caption(each, self.rng, long=long) for each in pictures]
        return _read(self.encoder, self.prompts, texts, self.bucket)

    def move(self, own: torch.Tensor, taught: torch.Tensor) -> None:
        """Take each trajectory one step on, along the student's or the teacher's state."""
        mine = torch.rand(len(own), generator=self.generator) < 0.5
        self.x = torch.where(mine[:, None, None, None], own, taught)
        self.at = self.at + 1
        done = (self.at == STEPS).nonzero()[:, 0]
        if len(done) == 0:
            return
        chosen = torch.randint(0, len(self.pictures), (len(done),), generator=self.generator).tolist()
        self.words[done], self.mask[done] = self._prompt([self.pictures[n] for n in chosen])
        self.x[done] = torch.randn(self.x[done].shape, generator=self.generator)
        self.at[done] = 0


def _rate(fraction: float, step: int) -> float:
    return min(1.0, (step + 1) / 20) * (0.02 + 0.98 * min(1.0, (1 - fraction) / 0.6))


def train(team: Team, budget: Budget, batch: int) -> None:
    """Distil on this worker's share of the trajectories until the budget is spent."""
    stage = Stage("turbo", budget)
    drawer = averaged().requires_grad_(requires_grad=False)
    student = copy.deepcopy(drawer.transformer).requires_grad_(requires_grad=True)
    prompts = Prompts()
    teacher = Teacher(drawer.transformer, {b: _read(drawer.encoder, prompts, [""], b) for b in BUCKETS})
    pair = Pair(student.named_parameters(), is_block, RATES, decay=0.0)
    average = Average(student.state_dict(), decay=0.98)
    saved = stage.prepare()
    if saved is not None:
        student.load_state_dict(saved["student"])
        average.restore(saved["average"])
        pair.load_state_dict(saved["pair"])
    seed = 1000 + budget.seed + stage.step * team.size + team.rank
    rolls = [Rolling(drawer.encoder, bucket, batch, seed) for bucket in BUCKETS]
    chooser, sigmas = random.Random(seed), schedule()
    losses: list[float] = []
    for fraction in team.steps(stage, {"student": student, "average": average, "pair": pair}):
        roll = rolls[chooser.random() < 0.06]
        start, end = sigmas[roll.at], sigmas[roll.at + 1]
        prompt = (roll.words, roll.mask)
        taught = teacher.follow(roll.x, start, end, prompt)
        span = (end - start)[:, None, None, None]
        velocity = _velocity(student, roll.x, start, prompt)
        loss = (velocity - (taught - roll.x) / span).pow(2).mean()
        pair.descend(loss, _rate(fraction, stage.step), team.average_gradients)
        roll.move(roll.x + span * velocity.detach(), taught)
        losses.append(loss.item())
        if team.rank == 0:
            average.update(student.state_dict())
            if stage.step % LOG_TURBO == 0:
                stage.log(f"loss {np.mean(losses[-LOG_TURBO:]):.4f}")
    if team.rank == 0:
        figures = {
            "first_loss": round(float(np.mean(losses[:10] or [0.0])), 4),
            "loss": round(float(np.mean(losses[-20:] or [0.0])), 4),
        }
        stage.finish({**figures, "samples": stage.step * batch * team.size})


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=700)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=24, help="trajectories per worker")
    options = parser.parse_args()
    teams.run(options.workers, train, Budget(options.seconds, threads=1), options.batch)


if __name__ == "__main__":
    main()
