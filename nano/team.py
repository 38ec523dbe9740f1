"""Data-parallel training on few cores: one process per core, gradients averaged once per step.

Two processes of one thread beat one process of two threads here, because a step has one meeting point
instead of a thousand, and other programs use the same cores.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn

from nano.stage import Stage

STOP_MARK = 2.0


@dataclass(frozen=True)
class Team:
    """This process's rank among the workers of a stage."""

    rank: int
    size: int

    def tell(self, value: float) -> float:
        """Return rank 0's value on every rank."""
        if self.size == 1:
            return value
        box = torch.tensor([value], dtype=torch.float64)
        dist.broadcast(box, src=0)
        return float(box)

    def average_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        """Replace each gradient by its mean over all workers."""
        if self.size == 1:
            return
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([grad.reshape(-1) for grad in grads]) / self.size
        dist.all_reduce(flat)
        start = 0
        for grad in grads:
            grad.copy_(flat[start : start + grad.numel()].view_as(grad))
            start += grad.numel()

    def steps(self, stage: Stage, parts: dict[str, Any]) -> Iterator[float]:
        """Yield the spent share of rank 0's budget on every rank, until it is spent."""
        if self.rank == 0:
            for fraction in stage.steps(parts):
                yield self.tell(fraction)
            self.tell(STOP_MARK)
            return
        while (fraction := self.tell(0.0)) < STOP_MARK:
            yield fraction
            stage.step += 1


def _enter(rank: int, size: int, meeting: str, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    work(Team(rank, size), *arguments)
    dist.destroy_process_group()


def run(size: int, work: Callable[..., None], *arguments: Any) -> None:
    """Call `work(team, *arguments)` in `size` processes and wait for all of them."""
    if size == 1:
        work(Team(0, 1), *arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = str(Path(folder) / "meeting")
        spawn(_enter, (size, meeting, work, arguments), nprocs=size)  # type: ignore[no-untyped-call]  # torch leaves it untyped
