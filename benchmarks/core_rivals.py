"""What the engine is measured against: stock pipeline, bare loop, first-come-first-served server."""

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import AutoTokenizer, Qwen3Model

from schemas import RenderJob
from zimage_core.sampling import plan
from zimage_core.weights import VariantWeights

CHANNELS = 16
VAE_FACTOR = 8
PNG_LEVEL = 1


def stock_pipeline(weights: VariantWeights, dtype: str) -> ZImagePipeline:
    """Load the stock pipeline from the same folders, in the same precision."""
    parts, precision = weights.parts, {"torch_dtype": getattr(torch, dtype)}
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(parts["scheduler"]),
        vae=AutoencoderKL.from_pretrained(parts["vae"], **precision),
        text_encoder=Qwen3Model.from_pretrained(parts["text_encoder"], **precision),
        tokenizer=AutoTokenizer.from_pretrained(parts["tokenizer"]),
        transformer=ZImageTransformer2DModel.from_pretrained(parts["transformer"], **precision),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def through_pipeline(pipeline: ZImagePipeline, jobs: Sequence[RenderJob]) -> list[bytes]:
    """Render `jobs`, of one preset, in one call and encode each as PNG, as the core's answer is."""
    preset = jobs[0].preset
    made = pipeline(
        prompt=[job.prompt for job in jobs],
        negative_prompt=[job.negative for job in jobs],
        width=preset.width,
        height=preset.height,
        num_inference_steps=preset.steps,
        guidance_scale=preset.guidance,
        generator=[torch.Generator().manual_seed(job.seed) for job in jobs],
    )
    return [_png(picture) for picture in made.images]


@torch.inference_mode()
def bare_loop(pipeline: ZImagePipeline, jobs: Sequence[RenderJob]) -> None:
    """Render `jobs` of one prompt and preset with the fewest lines that do it: no queue, guard or file.

    Encodes the prompt once and decodes one by one.
    """
    preset, network = jobs[0].preset, pipeline.transformer
    embeddings, _ = pipeline.encode_prompt([jobs[0].prompt], do_classifier_free_guidance=False)
    shape = (CHANNELS, preset.height // VAE_FACTOR, preset.width // VAE_FACTOR)
    noise = [torch.randn(shape, generator=torch.Generator().manual_seed(job.seed)) for job in jobs]
    latents, steps = torch.stack(noise), plan(preset.steps, pipeline.scheduler.config.shift)
    for moment, delta in zip(steps.times, steps.deltas, strict=True):
        frames = [one.to(network.dtype).unsqueeze(1) for one in latents]
        clock = torch.full((len(jobs),), moment)
        output = network(frames, clock, embeddings * len(jobs), return_dict=False)[0]
        latents = latents - delta * torch.stack([one.float().squeeze(1) for one in output])
    config = pipeline.vae.config
    for one in latents:
        scaled = one.unsqueeze(0).to(pipeline.vae.dtype) / config.scaling_factor + config.shift_factor
        pipeline.vae.decode(scaled, return_dict=False)


@dataclass
class FirstComeServer:
    """The batch server that people write first: a queue, and a thread that calls the pipeline on its head."""

    pipeline: ZImagePipeline
    width: int
    _waiting: "queue.Queue[tuple[RenderJob, Future[float]] | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        """Start serving."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def submit(self, job: RenderJob) -> "Future[float]":
        """Queue a job; the future brings the clock's reading when it was done."""
        done: Future[float] = Future()
        self._waiting.put((job, done))
        return done

    def stop(self) -> None:
        """Leave what still waits and end the thread."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            while len(batch) < self.width and not self._waiting.empty():
                item = self._waiting.get_nowait()
                if item is None:
                    return
                batch.append(item)
            through_pipeline(self.pipeline, [job for job, _ in batch])
            for _, done in batch:
                done.set_result(time.perf_counter())


def _png(picture: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()
