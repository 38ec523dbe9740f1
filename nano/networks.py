"""The practice transformer and text encoder: the released classes at about one 2000th of the size."""

from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, ZImageTransformer2DModel
from transformers import Qwen3Config, Qwen3Model

SHIFT = 2.0
TEXT_WIDTH = 128
VOCABULARY_ROWS = 1160


def new_scheduler() -> Any:
    """Return the scheduler that both variants share."""
    return FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=SHIFT)


def new_text_encoder(seed: int = 0) -> Any:
    """Return a fresh text encoder; the pipeline reads the state before the last of its two layers."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=VOCABULARY_ROWS,
        hidden_size=TEXT_WIDTH,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=640,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        use_cache=False,
    )
    return Qwen3Model(config)


def new_transformer(seed: int = 0) -> Any:
    """Return a fresh transformer: zero output, gates a little open so that gradients flow at once."""
    torch.manual_seed(seed)
    net = ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=160,
        n_layers=5,
        n_refiner_layers=1,
        n_heads=5,
        n_kv_heads=5,
        norm_eps=1e-5,
        qk_norm=True,
        cap_feat_dim=TEXT_WIDTH,
        rope_theta=256.0,
        t_scale=1000.0,
        axes_dims=[8, 12, 12],
        axes_lens=[640, 64, 64],
    )
    for name, parameter in net.named_parameters():
        _start(name, parameter)
    final = net.all_final_layer["2-1"]
    for parameter in (final.linear.weight, final.linear.bias, *final.adaLN_modulation[1].parameters()):
        torch.nn.init.zeros_(parameter)
    return net


@torch.no_grad()
def _start(name: str, parameter: torch.nn.Parameter) -> None:
    if "pad_token" in name:
        torch.nn.init.normal_(parameter, std=0.02)
    if "adaLN_modulation" not in name or "all_final" in name:
        return
    if name.endswith("weight"):
        torch.nn.init.normal_(parameter, std=0.02)
    else:
        quarter = len(parameter) // 4
        parameter.zero_()
        parameter[quarter : 2 * quarter] = 0.3
        parameter[3 * quarter :] = 0.3
