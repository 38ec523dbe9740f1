"""The latents of the training pictures, encoded once: `python -m nano.latents`."""

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from rich.progress import track

from nano.dataset import TRAIN, WORK, load
from nano.vae import encode, to_tensor

BATCH = 32


def latents_file() -> Path:
    """Say where the latents lie."""
    return WORK / "latents.npy"


def load_latents() -> torch.Tensor:
    """Return the latents (n, 16, 16, 16) in half precision."""
    return torch.from_numpy(np.load(latents_file()))


def main() -> None:
    """Encode the training pictures with the VAE of the work folder."""
    torch.set_num_threads(1)
    vae = AutoencoderKL.from_pretrained(WORK / "vae").eval().to(memory_format=torch.channels_last)
    pixels, _ = load(TRAIN)
    out = np.empty((len(pixels), 16, 16, 16), np.float16)
    for k in track(range(0, len(pixels), BATCH), "latents"):
        out[k : k + BATCH] = encode(vae, to_tensor(pixels[k : k + BATCH])).numpy()
    partial = latents_file().with_suffix(".tmp.npy")
    np.save(partial, out)
    partial.replace(latents_file())
    print(f"latents: {out.shape}, deviation {out[:2000].astype(np.float32).std():.3f}")


if __name__ == "__main__":
    main()
