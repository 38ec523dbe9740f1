"""A batched forward of ZImageTransformer2DModel: the stock weights and arithmetic, twice as fast to train.

The stock forward takes lists and pads each item; here all items have equal sizes. Rotation by a constant
matrix keeps every operation contiguous, which strided pairs are not.
"""

from functools import cache
from typing import Any

import torch

Table = tuple[torch.Tensor, torch.Tensor]
PATCH = "2-1"


@cache
def _swap(width: int) -> torch.Tensor:
    """Return the matrix that maps each pair (a, b) to (-b, a)."""
    matrix = torch.zeros(width, width)
    even = torch.arange(0, width, 2)
    matrix[even + 1, even] = -1
    matrix[even, even + 1] = 1
    return matrix


@torch.no_grad()
def _table(net: Any, rows: int, columns: int, words: int) -> Table:
    """Return cosine and sine of every position: image first at words + 1, then the caption from 1."""
    image = net.create_coordinate_grid((1, rows, columns), (words + 1, 0, 0)).flatten(0, 2)
    text = net.create_coordinate_grid((words, 1, 1), (1, 0, 0)).flatten(0, 2)
    turn = torch.cat([net.rope_embedder(image), net.rope_embedder(text)])
    real, imaginary = (part.repeat_interleave(2, -1)[None, :, None] for part in (turn.real, turn.imag))
    return real.float().contiguous(), imaginary.float().contiguous()


_TABLES: dict[tuple[int, int, int], Table] = {}


class _RootMeanSquare(torch.autograd.Function):
    """The stock norm with a hand-written backward: half the time, which is a sixth of a training step."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        """Scale rows to mean square 1, then by the weight."""
        full = x.float()
        square = torch.linalg.vector_norm(full, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        inverse = torch.rsqrt(square.add_(epsilon))
        unit = full * inverse
        ctx.save_for_backward(unit, inverse, weight)
        ctx.dtype = x.dtype
        return (unit * weight).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        """Return the gradients of the rows and of the weight."""
        unit, inverse, weight = ctx.saved_tensors
        above = gradients[0].float()
        along = above * weight
        shared = (along * unit).mean(-1, keepdim=True)
        into = along.addcmul_(unit, shared, value=-1).mul_(inverse)
        return into.to(ctx.dtype), (above * unit).flatten(0, -2).sum(0), None


def _norm(layer: Any, x: torch.Tensor) -> torch.Tensor:
    scaled: torch.Tensor = _RootMeanSquare.apply(x, layer.weight, layer.eps)
    return scaled


def _turned(x: torch.Tensor, table: Table) -> torch.Tensor:
    cosine, sine = table
    return x * cosine + (x @ _swap(x.shape[-1]).to(x.dtype)) * sine


def _attend(layer: Any, x: torch.Tensor, table: Table) -> torch.Tensor:
    batch, length, _ = x.shape
    heads = layer.heads
    value = layer.to_v(x).view(batch, length, heads, -1)
    query = _norm(layer.norm_q, layer.to_q(x).view(batch, length, heads, -1))
    key = _norm(layer.norm_k, layer.to_k(x).view(batch, length, heads, -1))
    query, key, value = (
        part.transpose(1, 2).reshape(batch * heads, length, -1)
        for part in (_turned(query, table), _turned(key, table), value)
    )
    weights = torch.softmax(torch.bmm(query, key.transpose(1, 2)).float() * query.shape[-1] ** -0.5, -1)
    mixed = torch.bmm(weights.to(value.dtype), value).view(batch, heads, length, -1)
    out: torch.Tensor = layer.to_out[0](mixed.transpose(1, 2).reshape(batch, length, -1))
    return out


def _block(block: Any, x: torch.Tensor, table: Table, time: torch.Tensor | None = None) -> torch.Tensor:
    if time is None:
        x = x + _norm(block.attention_norm2, _attend(block.attention, _norm(block.attention_norm1, x), table))
        return x + _norm(block.ffn_norm2, block.feed_forward(_norm(block.ffn_norm1, x)))
    scale, gate, scale2, gate2 = block.adaLN_modulation(time).unsqueeze(1).chunk(4, 2)
    mixed = _attend(block.attention, _norm(block.attention_norm1, x) * (1 + scale), table)
    x = x + gate.tanh() * _norm(block.attention_norm2, mixed)
    wide = block.feed_forward(_norm(block.ffn_norm1, x) * (1 + scale2))
    moved: torch.Tensor = x + gate2.tanh() * _norm(block.ffn_norm2, wide)
    return moved


def forward(
    net: Any, latents: torch.Tensor, time: torch.Tensor, words: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Return data minus noise for latents (n, c, h, w) at time 0 (noise) to 1 (data).

    `words` (n, length, width) are text states, `mask` (n, length) true on real tokens; the length and the
    number of image tokens must be multiples of 32, as the stock forward pads to.
    """
    batch, channels, height, width = latents.shape
    rows, columns, length = height // 2, width // 2, words.shape[1]
    count = rows * columns
    if (rows, columns, length) not in _TABLES:
        _TABLES[rows, columns, length] = _table(net, rows, columns, length)
    cosine, sine = (part.to(words.dtype) for part in _TABLES[rows, columns, length])
    step = net.t_embedder(time * net.t_scale)
    x = latents.view(batch, channels, rows, 2, columns, 2).permute(0, 2, 4, 3, 5, 1)
    x = net.all_x_embedder[PATCH](x.reshape(batch, count, 4 * channels))
    for block in net.noise_refiner:
        x = _block(block, x, (cosine[:, :count], sine[:, :count]), step)
    text = net.cap_embedder(words)
    text = torch.where(mask[..., None], text, net.cap_pad_token.to(text.dtype))
    for block in net.context_refiner:
        text = _block(block, text, (cosine[:, count:], sine[:, count:]))
    x = torch.cat([x, text.to(x.dtype)], 1)
    for block in net.layers:
        x = _block(block, x, (cosine, sine), step)
    out = net.all_final_layer[PATCH](x[:, :count], c=step)
    patches: torch.Tensor = out.view(batch, rows, columns, 2, 2, channels)
    return patches.permute(0, 5, 1, 3, 2, 4).reshape(latents.shape)
