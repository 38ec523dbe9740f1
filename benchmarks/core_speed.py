"""How long a picture takes: our engine beside the stock ZImagePipeline, in one run on the same weights.

    python -m benchmarks.core_speed --weights nano/weights --pictures 8 --width 4

The pipeline is called on lists of the engine's batch width. They take turns; the least of some rounds counts.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas import Preset, RenderJob, Variant
from schemas.settings import NANO
from zimage_core.backends.fake import FakeScorer
from zimage_core.backends.zimage import ZImageBackend
from zimage_core.engine import Engine
from zimage_core.presets import presets
from zimage_core.weights import VariantWeights, locate

PROMPT = "a red mug on a wooden table, product photo"


def jobs_of(preset: Preset, count: int) -> list[RenderJob]:
    """Return `count` jobs that differ in their seed."""
    return [RenderJob(prompt=PROMPT, preset=preset, seed=n, spec="speed") for n in range(count)]


def through_engine(engine: Engine, jobs: list[RenderJob]) -> None:
    """Render `jobs` as the core does."""
    tickets = [engine.submit(job) for job in jobs]
    while engine.step():
        pass
    for ticket in tickets:
        ticket.future.result(0)


def stock_pipeline(weights: VariantWeights, dtype: str) -> Any:
    """Load the stock pipeline from the same folders in the same precision."""
    import diffusers
    import torch
    from transformers import AutoTokenizer, Qwen3Model

    parts, precision = weights.parts, {"torch_dtype": getattr(torch, dtype)}
    pipeline = diffusers.ZImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler.from_pretrained(parts["scheduler"]),
        vae=diffusers.AutoencoderKL.from_pretrained(parts["vae"], **precision),
        text_encoder=Qwen3Model.from_pretrained(parts["text_encoder"], **precision),
        tokenizer=AutoTokenizer.from_pretrained(parts["tokenizer"]),
        transformer=diffusers.ZImageTransformer2DModel.from_pretrained(parts["transformer"], **precision),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def through_pipeline(pipeline: Any, jobs: list[RenderJob], width: int) -> None:
    """Render `jobs` with the stock pipeline, `width` at a time."""
    import torch

    for start in range(0, len(jobs), width):
        part = jobs[start : start + width]
        preset = part[0].preset
        pipeline(
            prompt=[job.prompt for job in part],
            negative_prompt=[job.negative for job in part],
            width=preset.width,
            height=preset.height,
            num_inference_steps=preset.steps,
            guidance_scale=preset.guidance,
            generator=[torch.Generator().manual_seed(job.seed) for job in part],
        )


def per_picture(work: Callable[[], None], count: int) -> tuple[float, float]:
    """Return wall and CPU seconds per picture of `work`, which makes `count`."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count


def least(known: tuple[float, float], found: tuple[float, float]) -> tuple[float, float]:
    """Return the smaller wall and the smaller CPU seconds."""
    return min(known[0], found[0]), min(known[1], found[1])


def main() -> None:
    """Print a table: variant, batch width, wall and CPU seconds per picture, engine beside pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=Path("nano/weights"))
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default=None)
    asked = parser.parse_args()

    located = {variant: locate(variant, "nano", asked.weights) for variant in Variant}
    backend = ZImageBackend(lambda: list(located.values()), device="cpu", dtype=asked.dtype)
    print("variant width | engine: wall, cpu | pipeline: wall, cpu | pipeline/engine (cpu)")
    for width in sorted({1, asked.width}):
        engine = Engine(backend, FakeScorer(), queue_limit=asked.pictures, batch_width=width)
        engine.load()
        for variant, preset in presets(NANO).items():
            jobs = jobs_of(preset, asked.pictures)
            pipeline = stock_pipeline(located[variant], backend.shape(jobs[0]).dtype)
            through_engine(engine, jobs[:width])
            through_pipeline(pipeline, jobs[:width], width)
            ours = theirs = (float("inf"), float("inf"))
            for _ in range(asked.rounds):
                ours = least(ours, per_picture(lambda e=engine, j=jobs: through_engine(e, j), len(jobs)))
                theirs = least(
                    theirs,
                    per_picture(lambda p=pipeline, j=jobs, w=width: through_pipeline(p, j, w), len(jobs)),
                )
            print(f"{variant:7} {width:5} | {row(ours)} | {row(theirs)} | {theirs[1] / ours[1]:.2f}x")
    print(
        f"{backend.device}, {backend.shape(jobs[0]).dtype}; the engine's figures include guard, PNG and queue"
    )


def row(figures: tuple[float, float]) -> str:
    """Write wall and CPU seconds."""
    return ", ".join(f"{seconds:.3f} s" for seconds in figures)


if __name__ == "__main__":
    main()
