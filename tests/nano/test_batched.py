"""The training forward is the stock transformer's."""

import torch
from diffusers.models.normalization import RMSNorm

from nano.batched import _norm, forward
from nano.networks import TEXT_WIDTH, new_transformer


def test_the_batched_forward_equals_the_stock_list_forward() -> None:
    net = new_transformer(seed=3)
    torch.nn.init.normal_(net.all_final_layer["2-1"].linear.weight, std=0.1)
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(2, 16, 16, 16, generator=generator)
    words = torch.randn(2, 32, TEXT_WIDTH, generator=generator)
    mask = torch.arange(32)[None] < torch.tensor([[9], [32]])
    time = torch.tensor([0.2, 0.9])
    with torch.no_grad():
        real = [words[n][mask[n]] for n in range(2)]
        stock = torch.stack(
            net([each[:, None] for each in latents], time, real, return_dict=False)[0]
        ).squeeze(2)
        ours = forward(net, latents, time, words, mask)
    assert torch.allclose(stock, ours, atol=1e-4)


def test_the_fast_norm_has_the_stock_gradients() -> None:
    layer = RMSNorm(32, eps=1e-5)
    torch.nn.init.normal_(layer.weight)
    found = []
    for run in (layer, lambda x: _norm(layer, x)):
        x = torch.linspace(-2, 3, 96).view(3, 32).requires_grad_()
        (run(x) * torch.linspace(0, 1, 32)).pow(2).sum().backward()
        found.append((x.grad, layer.weight.grad))
        layer.weight.grad = None
    for stock, ours in zip(*found, strict=True):
        assert torch.allclose(stock, ours, rtol=1e-4, atol=1e-5)
