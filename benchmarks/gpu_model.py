"""The networks that benchmarks.gpu times: Z-Image's published shape, or a toy of the same classes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel

from zimage_core.backends.acceleration import Acceleration, accelerate, prepare
from zimage_core.backends.passes import Caption, Passes
from zimage_core.sampling import plan

CHANNELS = 16
VAE_FACTOR = 8
TURBO_SHIFT = 3.0


@dataclass(frozen=True)
class Model:
    """Sizes of a transformer and its VAE."""

    name: str
    dim: int
    layers: int
    refiners: int
    heads: int
    features: int
    axes: tuple[int, int, int]
    vae: tuple[int, int, int, int]

    def transformer(self) -> ZImageTransformer2DModel:
        """Make the network with random weights on torch's current default device and dtype."""
        return ZImageTransformer2DModel(
            dim=self.dim,
            n_layers=self.layers,
            n_refiner_layers=self.refiners,
            n_heads=self.heads,
            n_kv_heads=self.heads,
            cap_feat_dim=self.features,
            axes_dims=list(self.axes),
            axes_lens=[1536, 512, 512],
        )

    def decoder(self) -> AutoencoderKL:
        """Make FLUX.1's VAE, or a narrow one of its class."""
        return AutoencoderKL(
            block_out_channels=self.vae,
            layers_per_block=2 if self.name == "true" else 1,
            latent_channels=CHANNELS,
            norm_num_groups=min(32, self.vae[0]),
            use_quant_conv=False,
            use_post_quant_conv=False,
            scaling_factor=0.3611,
            shift_factor=0.1159,
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
        )


MODELS = {
    # Tongyi-MAI/Z-Image, transformer/config.json and the vendor's src/config/model.py.
    "true": Model("true", 3840, 30, 2, 30, 2560, (32, 48, 48), (128, 256, 512, 512)),
    "toy": Model("toy", 64, 2, 1, 2, 32, (16, 8, 8), (8, 16, 16, 16)),
}


@dataclass
class Subject:
    """Networks on a device, and the work that is timed on them."""

    model: Model
    device: torch.device
    dtype: torch.dtype
    transformer: ZImageTransformer2DModel
    vae: AutoencoderKL

    def embeddings(self, rows: int, tokens: int) -> list[torch.Tensor]:
        """Return one random prompt embedding [tokens, features] per row."""
        draw = torch.Generator().manual_seed(1)
        shape = (rows, tokens, self.model.features)
        return list(torch.randn(shape, generator=draw).to(self.device, self.dtype))

    def noise(self, rows: int, side: int) -> torch.Tensor:
        """Return latents [rows, 16, h, w] of CPU noise."""
        shape = (rows, CHANNELS, side // VAE_FACTOR, side // VAE_FACTOR)
        return torch.randn(shape, generator=torch.Generator().manual_seed(2)).to(self.device)

    def stock(self, side: int, rows: int, tokens: int, steps: int) -> Callable[[], Any]:
        """Return the stock pipeline's work for a batch of pictures."""
        pipeline = ZImagePipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=TURBO_SHIFT),
            vae=self.vae,
            text_encoder=None,
            tokenizer=None,
            transformer=self.transformer,
        )
        pipeline.set_progress_bar_config(disable=True)
        embeddings, noise = self.embeddings(rows, tokens), self.noise(rows, side)
        return lambda: pipeline(
            prompt_embeds=embeddings,
            latents=noise.clone(),
            height=side,
            width=side,
            num_inference_steps=steps,
            guidance_scale=0.0,
            output_type="pt",
        )

    def passes(self, how: Acceleration) -> Passes:
        """Return the core's passes over the transformer, accelerated; raises SettingsInvalid."""
        prepare(self.transformer, self.device, how)
        passes = Passes(self.transformer, self.device, self.dtype)
        accelerate(passes, how)
        return passes

    def ours(self, how: Acceleration, side: int, rows: int, tokens: int, steps: int) -> Callable[[], Any]:
        """Return the core's work for the same batch: captions once, steps, VAE one by one."""
        passes, noise = self.passes(how), self.noise(rows, side)
        schedule = plan(steps, TURBO_SHIFT)

        def work() -> list[torch.Tensor]:
            passes.forget()
            captions, latents = self._captions(passes, rows, tokens), list(noise)
            for time, delta in zip(schedule.times, schedule.deltas, strict=True):
                outputs = passes.outputs(latents, [time] * rows, captions)
                latents = [one - delta * output for one, output in zip(latents, outputs, strict=True)]
            return [self._decoded(one) for one in latents]

        return work

    def same_beside_neighbours(self, side: int, rows: int, tokens: int) -> bool:
        """Tell whether row 0's output has the same bytes last in the batch, between other neighbours."""
        passes = self.passes(Acceleration())
        captions, latents = self._captions(passes, rows, tokens), list(self.noise(rows, side))
        times = torch.linspace(0.1, 0.9, rows).tolist()
        first = passes.outputs(latents, times, captions)[0]
        neighbours = [one * 0.5 for one in latents[1:]]
        last = passes.outputs([*neighbours, latents[0]], [*times[1:], times[0]], captions[1:] + captions[:1])[
            -1
        ]
        return torch.equal(first, last)

    def same_alone(self, side: int, rows: int, tokens: int) -> bool:
        """Tell whether row 0's output has the same bytes alone as in a batch."""
        passes = self.passes(Acceleration())
        captions, latents = self._captions(passes, rows, tokens), list(self.noise(rows, side))
        batch = passes.outputs(latents, [0.3] * rows, captions)[0]
        return torch.equal(batch, passes.outputs(latents[:1], [0.3], captions[:1])[0])

    def _captions(self, passes: Passes, rows: int, tokens: int) -> list[Caption]:
        embeddings = self.embeddings(rows, tokens)
        return [passes.caption(str(row), lambda text: embeddings[int(text)]) for row in range(rows)]

    def _decoded(self, latents: torch.Tensor) -> torch.Tensor:
        config = self.vae.config
        scaled = latents.unsqueeze(0).to(self.dtype) / config.scaling_factor + config.shift_factor
        picture: torch.Tensor = self.vae.decode(scaled, return_dict=False)[0]
        return picture


def build(model: Model, device: torch.device, dtype: torch.dtype) -> Subject:
    """Make the networks with random weights, straight on the device, having freed the last ones."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            transformer, vae = model.transformer().eval(), model.decoder().eval()
    finally:
        torch.set_default_dtype(before)
    for token in (transformer.x_pad_token, transformer.cap_pad_token):
        torch.nn.init.normal_(token, std=0.02)
    return Subject(model, device, dtype, transformer, vae)


def synchronize(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
