"""Collect the trained parts into the shipped weights folder: `python -m nano.export`."""

import argparse
import json
import platform
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL

from nano import tokenizer
from nano.cards import CARDS, card
from nano.dataset import WORK
from nano.networks import new_scheduler, new_transformer
from nano.train_base import averaged
from nano.weights import LIMIT_BYTES, SHARED, VARIANTS, WEIGHTS, listed, write_manifest

CLASSES = {
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "Qwen3Model"],
    "tokenizer": ["transformers", "TokenizersBackend"],
    "transformer": ["diffusers", "ZImageTransformer2DModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def _save_vae(folder: Path) -> None:
    tuned = WORK / "vae_final"
    vae = AutoencoderKL.from_pretrained(tuned if tuned.exists() else WORK / "vae")
    vae.to(torch.float16).save_pretrained(folder)
    _configure(folder, {})


def _save_encoder(encoder: Any, folder: Path) -> None:
    """Write bf16 weights under a configuration that says float32.

    transformers loads in the configured type unless told otherwise, diffusers in float32: a plain
    `from_pretrained` of the pipeline must give both the same.
    """
    encoder.to(torch.bfloat16).save_pretrained(folder)
    _configure(folder, {"dtype": "float32"})


def _configure(folder: Path, changes: dict[str, Any]) -> None:
    """Change a saved configuration, and forget the folder that the part was loaded from."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _turbo() -> Any:
    net = new_transformer()
    net.load_state_dict(torch.load(WORK / "turbo.pt", weights_only=False)["parts"]["average"]["values"])
    return net


def _save_variant(net: Any, folder: Path) -> None:
    net.to(torch.bfloat16).save_pretrained(folder / "transformer")
    index = {"_class_name": "ZImagePipeline", "_diffusers_version": "0.42.1", **CLASSES}
    (folder / "model_index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def _save_clip(folder: Path) -> None:
    tuned = WORK / "clip_tuned"
    trained = tuned if (tuned / "open_clip_model.safetensors").exists() else WORK / "clip"
    shutil.copytree(trained, folder, dirs_exist_ok=True)


def _made() -> dict[str, Any]:
    """Tell the machine, the day and each stage's cost and figures."""
    stages = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(WORK.glob("*.json"))}
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return {
        "date": today,
        "machine": f"2 shared {platform.machine()} CPU cores",
        "torch": torch.__version__,
        "stages": stages,
    }


def export(folder: Path) -> None:
    """Write every part, the cards and the manifest; raise ValueError above the size limit."""
    if folder.exists():
        shutil.rmtree(folder)
    drawer = averaged()
    _save_vae(folder / "vae")
    _save_encoder(drawer.encoder, folder / "text_encoder")
    tokenizer.text_tokenizer().save_pretrained(folder / "tokenizer")
    new_scheduler().save_pretrained(folder / "scheduler")
    _save_variant(drawer.transformer, folder / "base")
    _save_variant(_turbo(), folder / "turbo")
    _save_clip(folder / "clip")
    for part in CARDS:
        (folder / part / "README.md").write_text(card(part), encoding="utf-8")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    write_manifest(folder, _made())
    size = sum(entry["bytes"] for entry in listed(folder).values())
    if size > LIMIT_BYTES:
        raise ValueError(f"the weights take {size} bytes and may take {LIMIT_BYTES}")
    print(f"{folder}: {size / 1e6:.2f} MB in {', '.join((*SHARED, *VARIANTS, 'clip'))}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    export(parser.parse_args().out)


if __name__ == "__main__":
    main()
