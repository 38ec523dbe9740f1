"""Train the VAE, or with --decoder only its decoder on fixed latents: `python -m nano.train_vae`."""

import argparse
import math
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from nano.dataset import TRAIN, UNSEEN, WORK, Pixels, load
from nano.stage import LOG_EVERY, Average, Budget, Stage
from nano.vae import decode, encode, new_vae, picture_loss, psnr, to_tensor

CROP = 48
KL_WEIGHT = 3e-4


def _cosine(fraction: float, step: int, peak: float) -> float:
    return peak * min(1.0, (step + 1) / 50) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * fraction)))


def _crops(pixels: Pixels, rng: np.random.Generator, fraction: float) -> torch.Tensor:
    """Pick 12 small crops, or 3 whole pictures in the last part, where the borders are learnt."""
    if fraction > 0.85:
        return to_tensor(pixels[np.sort(rng.integers(0, len(pixels), 3))])
    cut = []
    for index in rng.integers(0, len(pixels), 12):
        y, x = rng.integers(0, 128 - CROP + 1, 2)
        cut.append(pixels[index, y : y + CROP, x : x + CROP])
    return to_tensor(np.stack(cut))


def _joint_loss(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    posterior = vae.encode(pictures).latent_dist
    kl = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
    loss: torch.Tensor = picture_loss(vae.decode(posterior.sample()).sample, pictures) + KL_WEIGHT * kl
    return loss


def _decoder_loss(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    """Decode slightly disturbed latents, as the generator's are."""
    latents = encode(vae, pictures)
    amount = 0.08 * torch.rand(len(latents), 1, 1, 1)
    return picture_loss(decode(vae, latents + amount * torch.randn_like(latents)), pictures)


def _load_average(model: torch.nn.Module, average: Average) -> None:
    model.load_state_dict({name: value.clone() for name, value in average.values.items()})


def _measure_latents(vae: Any, pixels: Pixels) -> None:
    """Write the shift and scale that give latents mean 0 and deviation 1 into the config."""
    with torch.no_grad():
        mode = torch.cat(
            [vae.encode(to_tensor(pixels[k : k + 32])).latent_dist.mode() for k in range(0, 256, 32)]
        )
    vae.register_to_config(shift_factor=float(mode.mean()), scaling_factor=float(1 / mode.std()))


def _show(vae: Any, pictures: torch.Tensor, name: str) -> None:
    with torch.no_grad():
        again = vae.decode(vae.encode(pictures).latent_dist.mode()).sample.clamp(-1, 1)
    sheet = torch.cat([torch.cat(list(rows), 2) for rows in (pictures, again)], 1)
    pixels = ((sheet.permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
    Image.fromarray(pixels).save(WORK / f"{name}.png")


def train(stage: Stage, vae: Any, *, decoder_only: bool) -> None:
    """Train until the budget is spent and leave the averaged weights in `vae`."""
    pixels, _ = load(TRAIN)
    if decoder_only:
        vae.encoder.requires_grad_(requires_grad=False)
    parameters = [p for p in vae.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, betas=(0.9, 0.95), weight_decay=1e-4)
    average = Average(vae.state_dict(), decay=0.998)
    parts = {"vae": vae, "average": average, "optimiser": optimiser}
    saved = stage.prepare()
    if saved is not None:
        vae.load_state_dict(saved["vae"])
        average.restore(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
    rng = np.random.default_rng(stage.budget.seed + stage.step)
    loss_of = _decoder_loss if decoder_only else _joint_loss
    losses: list[float] = []
    for fraction in stage.steps(parts):
        for group in optimiser.param_groups:
            group["lr"] = _cosine(fraction, stage.step, 1.2e-3 if decoder_only else 2e-3)
        loss = loss_of(vae, _crops(pixels, rng, fraction))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        average.update(vae.state_dict())
        losses.append(loss.item())
        if stage.step % (4 * LOG_EVERY) == 0:
            stage.log(f"loss {np.mean(losses[-200:]):.4f}")
    _load_average(vae, average)


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1400)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--decoder", action="store_true", help="train the decoder alone, afterwards")
    options = parser.parse_args()
    name = "decoder" if options.decoder else "vae"
    stage = Stage(name, Budget(options.seconds, options.threads))
    vae = AutoencoderKL.from_pretrained(WORK / "vae") if options.decoder else new_vae()
    train(stage, vae, decoder_only=options.decoder)
    pixels, _ = load(UNSEEN)
    if not options.decoder:
        _measure_latents(vae, load(TRAIN)[0])
    unseen = to_tensor(pixels[:200])
    vae.save_pretrained(WORK / ("vae_final" if options.decoder else "vae"))
    _show(vae, unseen[:10], name)
    stage.finish(
        {"psnr_db": round(psnr(vae, unseen), 2), "parameters": sum(p.numel() for p in vae.parameters())}
    )


if __name__ == "__main__":
    main()
