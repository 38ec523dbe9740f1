"""Training pictures as a generator would leave them: `python -m nano.soften`.

Latents are disturbed, finely and coarsely, and decoded; CLIP trains on the result beside the crisp drawings.
"""

import numpy as np
import torch
from diffusers import AutoencoderKL
from rich.progress import track
from torch.nn import functional

from nano.clip import IMAGE_SIDE
from nano.dataset import WORK
from nano.latents import load_latents
from nano.vae import decode

COUNT = 4000
BATCH = 16
SOFT = WORK / "pixels_soft.npy"


def _disturbed(latents: torch.Tensor) -> torch.Tensor:
    fine = torch.randn_like(latents) * 0.25 * torch.rand(len(latents), 1, 1, 1)
    coarse = functional.interpolate(
        torch.randn(len(latents), 16, 4, 4), size=latents.shape[-1], mode="bilinear"
    )
    return latents + fine + coarse * 0.25 * torch.rand(len(latents), 1, 1, 1)


@torch.no_grad()
def main() -> None:
    """Decode the first training pictures softened, at CLIP's side."""
    torch.set_num_threads(1)
    torch.manual_seed(11)
    vae = AutoencoderKL.from_pretrained(WORK / "vae").eval().to(memory_format=torch.channels_last)
    latents = load_latents()[:COUNT].float()
    parts = []
    for some in track(torch.split(latents, BATCH), "soften"):
        pictures = decode(vae, _disturbed(some)).clamp(-1, 1)
        small = functional.interpolate(pictures, size=IMAGE_SIDE, mode="bicubic", antialias=True)
        parts.append(((small + 1) * 127.5).round().clamp(0, 255).byte())
    partial = SOFT.with_suffix(".tmp.npy")
    np.save(partial, torch.cat(parts).numpy())
    partial.replace(SOFT)
    print(f"soft: {COUNT} pictures in {SOFT}")


if __name__ == "__main__":
    main()
