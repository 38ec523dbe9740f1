"""A training stage with a wall-clock budget: progress bar, checkpoints, an average of the weights."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nano.dataset import WORK

SAVE_EVERY = 120.0
LOG_EVERY = 50
State = dict[str, Any]


@dataclass(frozen=True)
class Budget:
    """How long a stage may train (seconds of wall clock, over all runs) and on how many threads."""

    seconds: float
    threads: int
    seed: int = 0


class Average:
    """Exponential moving average of named tensors, started at the current values."""

    def __init__(self, tensors: Mapping[str, torch.Tensor], decay: float) -> None:
        """Copy the tensors; early updates use a shorter memory than `decay`."""
        self.decay = decay
        self.steps = 0
        self.values = {name: value.detach().clone().float() for name, value in tensors.items()}

    def update(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Move the average towards the current tensors."""
        self.steps += 1
        weight = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        mine = list(self.values.values())
        torch._foreach_lerp_(mine, [tensors[name].detach() for name in self.values], weight)

    def state(self) -> State:
        """Return what a checkpoint needs."""
        return {"steps": self.steps, "values": self.values}

    def restore(self, state: State) -> None:
        """Take over the state of a checkpoint."""
        self.steps, self.values = state["steps"], state["values"]


@dataclass
class Stage:
    """One part's training run: its clock, its checkpoint file and its history."""

    name: str
    budget: Budget
    elapsed: float = 0.0
    cpu: float = 0.0
    step: int = 0
    history: list[tuple[int, float, str]] = field(default_factory=list)
    extra: State = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The checkpoint file."""
        return WORK / f"{self.name}.pt"

    @property
    def fraction(self) -> float:
        """The share of the budget that is spent, 0 to 1."""
        return min(1.0, self.elapsed / self.budget.seconds)

    def prepare(self) -> State | None:
        """Fix threads and seeds; return the last checkpoint's parts, or None on a first run."""
        WORK.mkdir(exist_ok=True)
        torch.set_num_threads(self.budget.threads)
        torch.manual_seed(self.budget.seed)
        if not self.path.exists():
            return None
        saved: State = torch.load(self.path, weights_only=False)
        self.elapsed, self.cpu, self.step = saved["elapsed"], saved["cpu"], saved["step"]
        self.history = saved["history"]
        torch.manual_seed(self.budget.seed + self.step)
        parts: State = saved["parts"]
        return parts

    def save(self, parts: State) -> None:
        """Write a checkpoint so that a stop at any moment loses two minutes at most."""
        state = {"elapsed": self.elapsed, "cpu": self.cpu, "step": self.step, "history": self.history}
        partial = self.path.with_suffix(".tmp")
        torch.save({**state, "parts": parts}, partial)
        partial.replace(self.path)

    def log(self, text: str) -> None:
        """Keep and print one line of the history."""
        self.history.append((self.step, self.elapsed, text))
        print(f"{self.name} step {self.step} {self.elapsed:.0f}s cpu {self.cpu:.0f}s {text}", flush=True)

    def steps(self, parts: dict[str, Any]) -> Iterator[float]:
        """Yield the spent share of the budget, once per step, until the budget is spent.

        `parts` maps names to objects with `state_dict` or `state`, saved every two minutes and at the end.
        """
        bar = Progress(
            TextColumn(self.name),
            BarColumn(),
            TextColumn("{task.percentage:.1f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        wall, cpu, saved = time.monotonic(), time.process_time(), time.monotonic()
        with bar:
            task = bar.add_task(self.name, total=self.budget.seconds)
            bar.update(task, completed=self.elapsed)
            while self.elapsed < self.budget.seconds:
                yield self.fraction
                self.step += 1
                now, spent = time.monotonic(), time.process_time()
                self.elapsed += now - wall
                self.cpu += spent - cpu
                wall, cpu = now, spent
                bar.update(task, completed=self.elapsed)
                if now - saved > SAVE_EVERY:
                    self.save({name: _state(part) for name, part in parts.items()})
                    saved = now
        self.save({name: _state(part) for name, part in parts.items()})

    def finish(self, figures: Mapping[str, object]) -> None:
        """Print the figures and keep them with the cost in the work folder."""
        cost = {"steps": self.step, "wall_s": round(self.elapsed), "cpu_s": round(self.cpu)}
        text = json.dumps({**cost, **figures}, indent=1)
        (WORK / f"{self.name}.json").write_text(text, encoding="utf-8")
        print(f"{self.name}: {text}", flush=True)


def _state(part: Any) -> State:
    state: State = part.state() if isinstance(part, Average) else part.state_dict()
    return state
