"""The practice CLIP: configuration, loading, and the scores that a line takes from it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional

from nano.captions import claim
from nano.tokenizer import CLIP_CONTEXT, clip_tokenizer
from nano.vocabulary import vocabulary
from nano.world import Picture

IMAGE_SIDE = 96
KINDS = ("category", "colour", "background", "shot", "soundness")


def _config(vocabulary_size: int) -> dict[str, Any]:
    vision = {"image_size": IMAGE_SIDE, "layers": 4, "width": 128, "head_width": 32, "patch_size": 16}
    text = {
        "context_length": CLIP_CONTEXT,
        "vocab_size": vocabulary_size,
        "width": 96,
        "heads": 3,
        "layers": 2,
        "hf_tokenizer_name": ".",
        "pool_type": "argmax",
        "pad_id": 0,
    }
    pixels = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
    return {"model_cfg": {"embed_dim": 96, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": pixels}


def new_clip(folder: Path) -> Any:
    """Write the configuration and tokenizer into a folder and return a fresh model of it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = clip_tokenizer()
    text = json.dumps(_config(len(tokenizer)), indent=1)
    (folder / "open_clip_config.json").write_text(text, encoding="utf-8")
    return open_clip.create_model(f"local-dir:{folder}", load_weights=False)


def save_clip(weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Write half-precision weights beside the configuration."""
    half = {name: value.half().contiguous() for name, value in weights.items()}
    save_file(half, folder / "open_clip_model.safetensors")


def embed_texts(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Embed token ids trimmed to the batch's longest text; equal to open_clip's, which wants full length.

    The mask is causal and the pooled end token precedes all padding, so trimming changes nothing.
    """
    length = ids.shape[1]
    x = model.token_embedding(ids) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    pooled = x[torch.arange(len(ids)), ids.argmax(-1)] @ model.text_projection
    return functional.normalize(pooled, dim=-1)


@dataclass(frozen=True)
class ClaimTexts:
    """The short texts of one attribute: `texts[c][v]` says value v of a product of category c."""

    kind: str
    texts: list[list[str]]


def _options(kind: str) -> list[dict[str, str]]:
    words = vocabulary()
    columns = {
        "category": words.subjects,
        "colour": words.colours,
        "background": words.backgrounds,
        "shot": words.shots,
    }
    return [{kind: word.key} for word in columns[kind]] if kind in columns else [{}, {}]


def claim_texts(kind: str, language: str) -> ClaimTexts:
    """List every claim of a kind; category claims need no row per category and have one."""
    words = vocabulary()
    rows = []
    subjects = words.subjects[:1] if kind == "category" else words.subjects
    for subject in subjects:
        row = []
        for n, change in enumerate(_options(kind)):
            blank = {"category": subject.key, "colour": "red", "background": "white", "shot": "scene"}
            picture = Picture(**{**blank, **change}, seed=0)
            row.append(claim(kind, picture, language, true=n == 0))
        rows.append(row)
    return ClaimTexts(kind, rows)


class Judge:
    """A loaded CLIP that answers short claims about pictures."""

    def __init__(self, folder: Path) -> None:
        """Load an open_clip folder."""
        name = f"local-dir:{folder}"
        self.model, _, self.preprocess = open_clip.create_model_and_transforms(name)
        self.model.eval()
        self.tokenizer = open_clip.get_tokenizer(name)

    @torch.no_grad()
    def see(self, pictures: list[Image.Image]) -> torch.Tensor:
        """Embed pictures, one unit row each."""
        rows = []
        for k in range(0, len(pictures), 64):
            batch = torch.stack([self.preprocess(each) for each in pictures[k : k + 64]])
            rows.append(self.model.encode_image(batch, normalize=True))
        return torch.cat(rows)

    @torch.no_grad()
    def read(self, texts: list[str]) -> torch.Tensor:
        """Embed texts, one unit row each."""
        rows = [
            self.model.encode_text(self.tokenizer(texts[k : k + 256]), normalize=True)
            for k in range(0, len(texts), 256)
        ]
        return torch.cat(rows)

    def answers(self, kind: str, seen: torch.Tensor, categories: torch.Tensor, language: str) -> torch.Tensor:
        """Return softmax probabilities over a kind's claims for pictures whose asked category is known."""
        rows = claim_texts(kind, language).texts
        table = self.read([text for row in rows for text in row]).view(len(rows), len(rows[0]), -1)
        chosen = table[categories] if len(rows) > 1 else table.expand(len(seen), -1, -1)
        logits = self.model.logit_scale.exp() * torch.einsum("nd,nvd->nv", seen, chosen)
        answers: torch.Tensor = logits.detach().softmax(-1)
        return answers


def auc(right: torch.Tensor, wrong: torch.Tensor) -> float:
    """Return the area under the ROC curve: how often a right score beats a wrong one."""
    scores = torch.cat([right, wrong])
    ranks = scores.argsort().argsort().double() + 1
    count = len(right)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(wrong)))
