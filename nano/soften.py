"""Pictures as a generator would leave them: `python -m nano.soften`, after the VAE.

Latents are disturbed, finely and coarsely, and decoded; CLIP trains on the result beside the crisp drawings,
sound and faulty ones alike, so that softness itself says nothing about soundness.
"""

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from nano.clip import IMAGE_SIDE
from nano.dataset import FAULTY, TRAIN, WORK, Split, load
from nano.vae import decode, encode, to_tensor

COUNTS = ((TRAIN, 3000), (FAULTY, 2400))
BATCH = 16


def soft_file(split: Split) -> Path:
    """Say where the softened first pictures of a split lie."""
    return WORK / f"soft_{split.name}.npy"


def _disturbed(latents: torch.Tensor) -> torch.Tensor:
    fine = torch.randn_like(latents) * 0.25 * torch.rand(len(latents), 1, 1, 1)
    coarse = functional.interpolate(
        torch.randn(len(latents), 16, 4, 4), size=latents.shape[-1], mode="bilinear"
    )
    return latents + fine + coarse * 0.25 * torch.rand(len(latents), 1, 1, 1)


@torch.no_grad()
def softened(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    """Soften pictures (n, 3, 128, 128), -1 to 1; return bytes (n, 3, side, side) at CLIP's side."""
    parts = []
    for start in range(0, len(pictures), BATCH):
        latents = encode(vae, pictures[start : start + BATCH])
        decoded = decode(vae, _disturbed(latents)).clamp(-1, 1)
        small = functional.interpolate(decoded, size=IMAGE_SIDE, mode="bicubic", antialias=True)
        parts.append(((small + 1) * 127.5).round().clamp(0, 255).byte())
    return torch.cat(parts)


def soften(split: Split, count: int) -> None:
    """Soften the first pictures of a split, at CLIP's side."""
    torch.set_num_threads(1)
    torch.manual_seed(split.seed)
    vae = AutoencoderKL.from_pretrained(WORK / "vae").eval().to(memory_format=torch.channels_last)
    pixels, _ = load(split)
    parts = [softened(vae, to_tensor(pixels[start : start + BATCH])) for start in range(0, count, BATCH)]
    partial = soft_file(split).with_suffix(".tmp.npy")
    np.save(partial, torch.cat(parts).numpy())
    partial.replace(soft_file(split))


def main() -> None:
    """Soften both splits, one process each."""
    with multiprocessing.get_context("spawn").Pool(len(COUNTS)) as pool:
        pool.starmap(soften, COUNTS)
    for split, count in COUNTS:
        print(f"soft: {count} pictures in {soft_file(split)}")


if __name__ == "__main__":
    main()
