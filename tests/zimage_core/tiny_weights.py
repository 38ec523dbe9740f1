"""Random weights of Z-Image's own classes, a hundredth of a hundredth of the size, for tests.

`save_tiny(folder)` writes an ordinary diffusers folder; `save_tiny_pack(folder)` the layout of the bundled
weights: shared parts, a folder per variant, and a manifest.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
WIDTH = 64
"""Of the transformer's tokens."""

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CORPUS = [
    "a red ceramic mug on a wooden table",
    "纯白背景上的红色马克杯，商品图",
    "user assistant product photo, seamless pure white background",
]


def save_tiny(folder: Path, shift: float = 3.0, seed: int = 0) -> Path:
    """Write a folder with all parts; `seed` decides the transformer's weights alone."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline

    torch.manual_seed(1234)
    vae, encoder, tokenizer = _vae(), _encoder(), tiny_tokenizer()
    torch.manual_seed(seed)
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=shift),
        vae=vae,
        text_encoder=encoder,
        tokenizer=tokenizer,
        transformer=_transformer(),
    )
    pipeline.save_pretrained(folder)
    return folder


def save_tiny_pack(folder: Path) -> Path:
    """Write a pack in the layout of nano/weights: Turbo with shift 3, Base with a scheduler of its own, shift 6."""
    for seed, (variant, shift) in enumerate([("turbo", 3.0), ("base", 6.0)]):
        whole = save_tiny(folder / variant, shift=shift, seed=seed)
        for part in ("vae", "text_encoder", "tokenizer", "scheduler"):
            if variant == "turbo":
                shutil.move(whole / part, folder / part)
            elif part != "scheduler":
                shutil.rmtree(whole / part)
        (whole / "model_index.json").unlink()
    write_manifest(folder)
    return folder


def save_tiny_adapter(
    file: Path, seed: int = 0, rank: int = 4, layer: str = "layers.0.attention.to_q"
) -> None:
    """Write a LoRA of random weights for one square layer of the tiny transformer, as diffusers saves it."""
    import torch
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(seed)
    shapes = {"lora_A": (rank, WIDTH), "lora_B": (WIDTH, rank)}
    tensors = {
        f"transformer.{layer}.{part}.weight": torch.randn(shape, generator=generator)
        for part, shape in shapes.items()
    }
    save_file(tensors, file)


def write_manifest(folder: Path) -> None:
    """Write manifest.json over every file that lies in `folder` now."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "manifest.json")
    listed = {file.relative_to(folder).as_posix(): _entry(file.read_bytes()) for file in files}
    (folder / "manifest.json").write_text(json.dumps({"files": listed}, indent=1))


def _entry(data: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _transformer() -> Any:
    from diffusers import ZImageTransformer2DModel

    return ZImageTransformer2DModel(
        dim=WIDTH,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=32,
        axes_dims=[16, 8, 8],
        axes_lens=[640, 64, 64],
    )


def _vae() -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=[8, 16, 16, 16],
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=8,
        use_quant_conv=False,
        use_post_quant_conv=False,
        scaling_factor=0.3611,
        shift_factor=0.1159,
    )


def _encoder() -> Any:
    from transformers import Qwen3Config, Qwen3Model

    return Qwen3Model(
        Qwen3Config(
            vocab_size=512,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
        )
    )


def tiny_tokenizer() -> Any:
    """Train a byte-level tokenizer with the chat template of Qwen3 on three lines."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIALS, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=SPECIALS[0],
        eos_token=SPECIALS[2],
        padding_side="right",
        model_max_length=512,
    )
    fast.chat_template = TEMPLATE
    return fast
