"""The transformer's forward pass over its own layers, with what no step changes computed once.

The stock forward makes positions, caption features and modulations anew for every row of every step. Here a
caption is refined once per prompt and a modulation once per time, each alone, whatever the batch: that is a
third of a small model's time, and it leaves only products whose rows do not see one another.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from diffusers import ZImageTransformer2DModel
from diffusers.models.attention_dispatch import dispatch_attention_fn

PATCH = 2
PATCH_KEY = "2-1"
"""Under which ZImageTransformer2DModel keeps the embedder of 2 x 2 patches of one frame."""

TOKENS = 32
"""The multiple that captions and pictures are padded to, with learned tokens that take part in attention."""

CACHED_TIMES = 128
"""Times whose modulation is kept; up to 1 MB each for the real model."""

CACHED_CAPTIONS = 256

BlockCall = Callable[[Any, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
StepCall = Callable[..., torch.Tensor]


@dataclass(frozen=True)
class Caption:
    """A text as the main layers take it: refined features [tokens, dim] and their rotations."""

    features: torch.Tensor
    turns: torch.Tensor


@dataclass(frozen=True)
class Modulation:
    """What one time does to the layers: [blocks, 4, dim] scales and gates, and the last scale [dim]."""

    blocks: torch.Tensor
    last: torch.Tensor


@dataclass
class Kept:
    """The last `limit` things that were asked for, made when missing."""

    limit: int
    _things: "OrderedDict[Hashable, Any]" = field(default_factory=OrderedDict)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what is kept under `key`, or make and keep it."""
        if key in self._things:
            self._things.move_to_end(key)
            return self._things[key]
        thing = self._things[key] = make()
        if len(self._things) > self.limit:
            self._things.popitem(last=False)
        return thing

    def clear(self) -> None:
        """Keep nothing."""
        self._things.clear()

    def __len__(self) -> int:
        return len(self._things)


class Passes:
    """Forward passes of one transformer; one thread's."""

    def __init__(self, network: ZImageTransformer2DModel, device: torch.device, dtype: torch.dtype) -> None:
        """Compute with `network`'s layers in `dtype` on `device`, wherever and however they are stored."""
        self.network = network
        self.device = device
        self.dtype = dtype
        self.adapter: str | None = None
        """The LoRA that is switched on in the layers."""
        self.real_turns = False
        """Whether rotations are cosine and sine instead of complex numbers, which compilers do not fuse."""
        self.block: BlockCall = block_output
        self.step: StepCall = self.steady_step
        self._captions = Kept(CACHED_CAPTIONS)
        self._modulations = Kept(CACHED_TIMES)
        self._places = lru_cache(maxsize=64)(self._turns_of_picture)

    def caption(self, text: str, embed: Callable[[str], torch.Tensor]) -> Caption:
        """Return the refined caption of `text`; `embed` gives its [tokens, features]."""
        return self._captions.get((self.adapter, text), lambda: self._refined(embed(text)))  # type: ignore[no-any-return]  # Kept holds two kinds of things

    def forget(self) -> None:
        """Drop what was computed with weights that have changed."""
        self._captions.clear()
        self._modulations.clear()

    def outputs(
        self, latents: Sequence[torch.Tensor], times: Sequence[float], captions: Sequence[Caption]
    ) -> list[torch.Tensor]:
        """Return the network's float32 output [16, h, w] for each of some latents [16, h, w] of one size.

        `times` and `captions` hold one entry per row; all captions have the same length.
        """
        modulations = [self._modulation(time) for time in times]
        rows = torch.stack(list(latents)).to(self.dtype)
        texts = torch.stack([one.features for one in captions])
        turns = self._places(*rows.shape[2:], texts.shape[1])
        both = torch.cat([turns, captions[0].turns])
        if self.real_turns:
            turns, both = torch.view_as_real(turns), torch.view_as_real(both)
        blocks = torch.stack([one.blocks for one in modulations])
        last = torch.stack([one.last for one in modulations])[:, None]
        return list(self.step(rows, blocks, last, texts, turns[None, :, None], both[None, :, None]).float())

    def steady_step(
        self,
        latents: torch.Tensor,
        blocks: torch.Tensor,
        last: torch.Tensor,
        captions: torch.Tensor,
        turns: torch.Tensor,
        both: torch.Tensor,
    ) -> torch.Tensor:
        """Return the output [rows, 16, h, w] for latents of that shape; tensors in, one tensor out.

        `blocks` [rows, blocks, 4, dim] and `last` [rows, 1, dim] are the modulations, `captions` [rows,
        tokens, dim]; `turns` and `both` the rotations of the picture and of picture and caption. It asks
        nothing of the host, so that a CUDA graph can hold it.
        """
        network = self.network
        _, channels, height, width = latents.shape
        patches = _patches(latents)
        tokens = patches.shape[1]
        hidden = network.all_x_embedder[PATCH_KEY](patches)
        filler = network.x_pad_token.to(self.device).expand(len(latents), -tokens % TOKENS, -1)
        hidden = torch.cat([hidden, filler], dim=1)
        for number, block in enumerate(network.noise_refiner):
            hidden = self.block(block, hidden, turns, blocks[:, number])
        hidden = torch.cat([hidden, captions], dim=1)
        for number, block in enumerate(network.layers, len(network.noise_refiner)):
            hidden = self.block(block, hidden, both, blocks[:, number])
        final = network.all_final_layer[PATCH_KEY]
        out = final.linear(final.norm_final(hidden[:, :tokens]) * last)
        return _picture(out, channels, height, width)

    def _refined(self, text: torch.Tensor) -> Caption:
        """Return what the stock forward makes of a caption, alone."""
        network, pads = self.network, -len(text) % TOKENS
        padded = torch.cat([text, text[-1:].expand(pads, -1)])
        filler = network.cap_pad_token.to(self.device).expand(pads, -1)
        hidden = torch.cat([network.cap_embedder(padded)[: len(text)], filler])[None]
        places = [(1 + place, 0, 0) for place in range(len(padded))]
        turns = network.rope_embedder(torch.tensor(places, dtype=torch.int32, device=self.device))
        for block in network.context_refiner:
            hidden = block(hidden, None, turns[None])
        return Caption(hidden[0], turns)

    def _turns_of_picture(self, height: int, width: int, caption: int) -> torch.Tensor:
        """Return the rotations of a picture's tokens, which begin one place behind its caption's."""
        network = self.network
        size = (1, height // PATCH, width // PATCH)
        places = network.create_coordinate_grid(size, (caption + 1, 0, 0), self.device).flatten(0, 2)
        pads = places.new_zeros((-len(places) % TOKENS, 3))
        return network.rope_embedder(torch.cat([places, pads]))  # type: ignore[no-any-return]  # diffusers does not type it

    def _modulation(self, time: float) -> Modulation:
        return self._modulations.get((self.adapter, time), lambda: self._modulated(time))  # type: ignore[no-any-return]  # Kept holds two kinds of things

    def _modulated(self, time: float) -> Modulation:
        network = self.network
        clock = torch.tensor([time], dtype=torch.float32, device=self.device)
        embedded = network.t_embedder(clock * network.t_scale).to(self.dtype)
        blocks = [
            _scales_and_gates(block.adaLN_modulation(embedded)[0].chunk(4))
            for block in (*network.noise_refiner, *network.layers)
        ]
        last = 1.0 + network.all_final_layer[PATCH_KEY].adaLN_modulation(embedded)[0]
        return Modulation(torch.stack(blocks), last)


def _scales_and_gates(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    attention_scale, attention_gate, feed_scale, feed_gate = parts
    return torch.stack([1.0 + attention_scale, attention_gate.tanh(), 1.0 + feed_scale, feed_gate.tanh()])


def block_output(
    block: Any, hidden: torch.Tensor, turns: torch.Tensor, modulation: torch.Tensor
) -> torch.Tensor:
    """Return ZImageTransformerBlock's output for a modulation [rows, 4, dim] that is computed already."""
    attention_scale, attention_gate, feed_scale, feed_gate = modulation[:, :, None].unbind(1)
    attended = _attended(block.attention, block.attention_norm1(hidden) * attention_scale, turns)
    hidden = hidden + attention_gate * block.attention_norm2(attended)
    fed = block.feed_forward(block.ffn_norm1(hidden) * feed_scale)
    out: torch.Tensor = hidden + feed_gate * block.ffn_norm2(fed)
    return out


def _attended(attention: Any, hidden: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    shape = (attention.heads, -1)
    query = attention.norm_q(attention.to_q(hidden).unflatten(-1, shape))
    key = attention.norm_k(attention.to_k(hidden).unflatten(-1, shape))
    value = attention.to_v(hidden).unflatten(-1, shape)
    mixed = dispatch_attention_fn(
        _turned(query, turns),
        _turned(key, turns),
        value,
        backend=attention.processor._attention_backend,  # noqa: SLF001 - diffusers has no public way to ask
    )
    return attention.to_out[0](mixed.flatten(2, 3))  # type: ignore[no-any-return]  # torch modules are not typed


def _turned(values: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Turn each pair of [rows, tokens, heads, head dim] by its angle, in float32."""
    if not turns.is_complex():
        left, right = values.float().reshape(*values.shape[:-1], -1, 2).unbind(-1)
        cosine, sine = turns.unbind(-1)
        turned = torch.stack((left * cosine - right * sine, left * sine + right * cosine), dim=-1)
        return turned.flatten(3).type_as(values)
    pairs = torch.view_as_complex(values.float().reshape(*values.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(3).type_as(values)


def _patches(latents: torch.Tensor) -> torch.Tensor:
    """Turn [rows, channels, h, w] into [rows, h/2 * w/2, 4 * channels]."""
    rows, channels, height, width = latents.shape
    split = latents.view(rows, channels, height // PATCH, PATCH, width // PATCH, PATCH)
    return split.permute(0, 2, 4, 3, 5, 1).reshape(rows, -1, PATCH * PATCH * channels)


def _picture(patches: torch.Tensor, channels: int, height: int, width: int) -> torch.Tensor:
    """Undo `_patches`."""
    rows = len(patches)
    split = patches.view(rows, height // PATCH, width // PATCH, PATCH, PATCH, channels)
    return split.permute(0, 5, 1, 3, 2, 4).reshape(rows, channels, height, width)
