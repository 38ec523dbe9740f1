"""Part of the judge's pictures as a generator would leave them: `python -m nano.judge.softened`.

They go through the shipped VAE with disturbed latents. The sound ones stay sound: softness says nothing.
"""

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from nano.dataset import Pixels
from nano.judge.stream import TRAIN, load
from nano.vae import decode, encode, to_tensor
from nano.weights import WEIGHTS

COUNT = 5000
BATCH = 16
SEED = 920
FILE = TRAIN.file.with_name("judge_soft.npy")


def _disturbed(latents: torch.Tensor) -> torch.Tensor:
    """Add noise of two sizes, each picture by an amount of its own."""
    fine = torch.randn_like(latents) * torch.rand(len(latents), 1, 1, 1) * 0.3
    coarse = torch.randn(len(latents), 16, 5, 5) * torch.rand(len(latents), 1, 1, 1) * 0.2
    return latents + fine + functional.interpolate(coarse, size=latents.shape[-1], mode="bicubic")


@torch.no_grad()
def make() -> None:
    """Soften the first COUNT pictures of the training stream into the work folder."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    vae = AutoencoderKL.from_pretrained(WEIGHTS / "vae").eval().to(memory_format=torch.channels_last)
    pixels, _ = load(TRAIN)
    parts: list[Pixels] = []
    for start in range(0, COUNT, BATCH):
        latents = encode(vae, to_tensor(np.asarray(pixels[start : start + BATCH])))
        pictures = ((decode(vae, _disturbed(latents)).clamp(-1, 1) + 1) * 127.5).round().byte()
        parts.append(pictures.permute(0, 2, 3, 1).numpy())
    partial = FILE.with_suffix(".tmp.npy")
    np.save(partial, np.concatenate(parts)[:COUNT])
    partial.replace(FILE)


def main() -> None:
    """Soften."""
    make()
    print(f"softened: {COUNT} pictures in {FILE}")


if __name__ == "__main__":
    main()
