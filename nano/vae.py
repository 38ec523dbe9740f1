"""The practice VAE: FLUX's latent shape (16 channels, 8x smaller) at one percent of its size."""

from typing import Any

import torch
from diffusers import AutoencoderKL

from nano.dataset import Pixels

WIDTHS = (16, 32, 64, 64)
LATENT_CHANNELS = 16


def new_vae() -> Any:
    """Return a fresh VAE whose start is close to the identity.

    Default initialisation stayed at a quarter of the signal after 200 steps; kaiming weights, damped second
    convolutions, near-identity upsampling and a small posterior variance learn at once.
    """
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * len(WIDTHS),
        up_block_types=("UpDecoderBlock2D",) * len(WIDTHS),
        block_out_channels=WIDTHS,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        sample_size=128,
        scaling_factor=1.0,
        shift_factor=0.0,
        force_upcast=False,
    )
    for name, module in vae.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            _start(name, module)
    with torch.no_grad():
        vae.encoder.conv_out.weight[LATENT_CHANNELS:] *= 0.05
        vae.encoder.conv_out.bias[LATENT_CHANNELS:] = -5.0
        vae.decoder.conv_out.weight *= 0.5
    return vae.to(memory_format=torch.channels_last)


@torch.no_grad()
def _start(name: str, conv: torch.nn.Conv2d) -> None:
    torch.nn.init.kaiming_normal_(conv.weight, nonlinearity="linear")
    if conv.bias is not None:
        torch.nn.init.zeros_(conv.bias)
    if name.endswith("conv2"):
        conv.weight *= 0.1
    if "upsamplers" in name:
        conv.weight *= 0.3
        channels = torch.arange(min(conv.weight.shape[:2]))
        conv.weight[channels, channels, 1, 1] += 0.9


def to_tensor(pixels: Pixels) -> torch.Tensor:
    """Turn bytes (n, h, w, 3) into a picture batch (n, 3, h, w) from -1 to 1."""
    batch = torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).float()
    return (batch / 127.5 - 1).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def encode(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    """Return the latents that the transformer sees (mode, shifted and scaled)."""
    mode = vae.encode(pictures).latent_dist.mode()
    latents: torch.Tensor = (mode - vae.config.shift_factor) * vae.config.scaling_factor
    return latents


def decode(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Return the pictures of scaled latents, about -1 to 1."""
    raw = latents / vae.config.scaling_factor + vae.config.shift_factor
    pictures: torch.Tensor = vae.decode(raw.contiguous(memory_format=torch.channels_last)).sample
    return pictures


@torch.no_grad()
def psnr(vae: Any, pictures: torch.Tensor) -> float:
    """Return the mean peak signal-to-noise ratio of encoding and decoding, in dB."""
    errors = []
    for batch in torch.split(pictures, 32):
        again = vae.decode(vae.encode(batch).latent_dist.mode()).sample.clamp(-1, 1)
        errors.append(((again - batch) / 2).pow(2).mean((1, 2, 3)))
    return float(-10 * torch.log10(torch.cat(errors)).mean())


def picture_loss(drawn: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return L1 plus edge L1 plus L1 at a quarter of the size; the edges keep outlines crisp."""
    small = torch.nn.functional.avg_pool2d
    across = (drawn - wanted).diff(dim=3).abs().mean() + (drawn - wanted).diff(dim=2).abs().mean()
    coarse = (small(drawn, 4) - small(wanted, 4)).abs().mean()
    return (drawn - wanted).abs().mean() + 0.7 * across + 0.5 * coarse
