"""Which GPU does how many pictures: memory and arithmetic of the released weights.

    python -m benchmarks.sizing

Seconds are the floor, FLOP over the card's dense bf16 peak, and that at SHARE of the peak, which is what good
engines report for Z-Image on an H100 (about 600 of 990 TFLOP/s). The memory mode is the one that the core
itself would choose with the whole card free.
"""

import math
from dataclasses import dataclass

from benchmarks.gpu import step_tflop
from benchmarks.gpu_model import MODELS
from benchmarks.scale import BUSY, DAY_S
from zimage_core.errors import OutOfMemory
from zimage_core.memory import mode_for

TRANSFORMER, ENCODER, VAE = 12_309_817_472, 8_044_936_192, 167_666_902
"""Bytes in bf16: 6,154,908,736 weights of the transformer, Qwen3-4B's 4,022,468,096, FLUX.1's VAE's."""

STEPS, BASE_STEPS, TOKENS = 8, 28, 128
DECODE_TFLOP = {512: 2.5, 1024: 10.5, 2048: 48.5}
"""The VAE's decoder by side in px, counted by torch's FlopCounterMode."""

SHARE = 0.6
SECOND, THIRD = 0.06, 0.02
"""Shares of shots that need a second seed and Base, as the sample catalogue's."""


@dataclass(frozen=True)
class Card:
    """A GPU by its makers' data sheet: gigabytes, and dense bf16 TFLOP/s."""

    name: str
    gigabytes: float
    peak: float


CARDS = (
    Card("RTX 4060 Ti", 16, 88),
    Card("A10", 24, 125),
    Card("RTX 4090", 24, 165),
    Card("L40S", 48, 362),
    Card("A100", 80, 312),
    Card("H100 SXM", 80, 990),
    Card("H200", 141, 990),
)


def picture_tflop(side: int, *, base: bool = False) -> float:
    """Return the TFLOP of a picture of `side` px: Turbo's 8 steps, or Base's 28 with guidance."""
    passes = BASE_STEPS * 2 if base else STEPS
    return passes * step_tflop(MODELS["true"], side, TOKENS) + DECODE_TFLOP[side]


def memory_mode(card: Card) -> str:
    """Name the mode in which one variant fits the card."""
    try:
        return mode_for(int(card.gigabytes * 1e9), TRANSFORMER, ENCODER, VAE).value
    except OutOfMemory:
        return "does not fit"


def main() -> None:
    """Print the table."""
    print(
        f"one GPU, bf16, Turbo {STEPS} steps; seconds: floor, and at {SHARE:.0%} of the peak; {BUSY:.0%} busy"
    )
    print("| GPU | GB | memory | 512 px, s | 1024 px | 2048 px | Base 1024 px | shots a day |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for card in CARDS:
        floors = [picture_tflop(side) / card.peak for side in (512, 1024, 2048)]
        floors.append(picture_tflop(1024, base=True) / card.peak)
        cells = " | ".join(f"{floor:.2f}, {floor / SHARE:.2f}" for floor in floors)
        shot_s = (floors[1] * (1 + SECOND) + floors[3] * THIRD) / SHARE
        shots = math.floor(DAY_S * BUSY / shot_s / 100) * 100
        print(f"| {card.name} | {card.gigabytes:g} | {memory_mode(card)} | {cells} | {shots:,} |")


if __name__ == "__main__":
    main()
