"""The denoising plan of a job: which times the transformer is asked at, and how far each step goes.

No torch: float32 arithmetic in numpy, bit for bit what FlowMatchEulerDiscreteScheduler computes for the
sigmas that ZImagePipeline hands it (diffusers 0.39 and later: N steps are N forward passes).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRAIN_STEPS = 1000
"""Both released schedulers and ours count time in thousandths."""


@dataclass(frozen=True)
class Plan:
    """The steps of one job.

    `times[i]` is what the transformer is given at step i (0 = noise, 1 = picture); `deltas[i]` is the
    change of sigma that the step makes. Both hold exact float32 values.
    """

    times: tuple[float, ...]
    deltas: tuple[float, ...]


def even_levels(steps: int) -> NDArray[np.float32]:
    """Return float32 noise levels from 1 down to 1/steps, equal to `torch.linspace(1, 1/steps, steps)`.

    torch counts the first half from the start and the second half from the end, rounding once per value.
    """
    if steps == 1:
        return np.ones(1, np.float32)
    end = np.float32(1 / steps)
    stride = (end - np.float32(1)) / np.float32(steps - 1)
    index = np.arange(steps, dtype=np.float64)
    # Products of two float32 are exact in float64, so one rounding at the end is a fused multiply-add.
    from_start = (1.0 + float(stride) * index).astype(np.float32)
    from_end = (float(end) - float(stride) * (steps - 1 - index)).astype(np.float32)
    return np.where(index < steps // 2, from_start, from_end).astype(np.float32)


def sigmas(steps: int, shift: float) -> NDArray[np.float32]:
    """Return steps + 1 float32 noise levels from 1 to 0 under a static `shift`: s*l / (1 + (s-1)*l)."""
    levels = even_levels(steps)
    shifted = shift * levels / (1 + (shift - 1) * levels)
    return np.append(shifted, np.float32(0)).astype(np.float32)


def plan(steps: int, shift: float) -> Plan:
    """Return the Plan of a job of `steps` denoising steps under the scheduler's static `shift`."""
    levels = sigmas(steps, shift)
    clock = np.float32(TRAIN_STEPS)
    times = (clock - levels[:-1] * clock) / clock
    deltas = levels[1:] - levels[:-1]
    return Plan(times=tuple(map(float, times)), deltas=tuple(map(float, deltas)))
