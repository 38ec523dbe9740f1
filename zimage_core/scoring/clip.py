"""CLIP through open_clip: pictures and texts as unit vectors. The only file that knows open_clip."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL import Image

from zimage_core.errors import WeightsInvalid
from zimage_core.scoring.sources import FolderSource, NamedSource
from zimage_core.weights import sha256_of

CACHED_TEXTS = 20_000
"""Texts whose vectors are kept: more than all claims of all tables, and at most 40 MB at 512 numbers each."""

CPU_WIDTH, GPU_WIDTH = 4, 16
"""Pictures in every forward pass. A short batch is filled up, because a matrix product rounds differently
with its width, and a picture's vector must not depend on which pictures were scored with it."""

Vectors = NDArray[np.float32]


class ClipModel:
    """A CLIP model that gives unit vectors in fp32; one thread at a time may use it.

    Every text is encoded alone, for the reason that CPU_WIDTH has; the cache makes that cheap.
    """

    def __init__(
        self,
        model: Any,
        transform: Callable[[Image.Image], torch.Tensor],
        tokenizer: Callable[[list[str]], torch.Tensor],
        fingerprint: str,
    ) -> None:
        """Wrap what open_clip built; `fingerprint` names its weights."""
        self._model = model.eval()
        self._transform = transform
        self._tokenizer = tokenizer
        self._texts: dict[str, Vectors] = {}
        self.fingerprint = fingerprint
        self.logit_scale = float(model.logit_scale.exp().item())

    @classmethod
    def load(cls, source: FolderSource | NamedSource, device: str = "cpu") -> Self:
        """Build the model that `source` names on `device`; raise WeightsInvalid when it cannot be."""
        try:
            return cls._loaded(source, device)
        except WeightsInvalid:
            raise
        except Exception as error:
            # open_clip and what it calls raise a dozen kinds, none of them documented.
            raise WeightsInvalid(
                f"The CLIP model {_shown(source)} cannot be loaded: {type(error).__name__}: {error}."
            ) from error

    @classmethod
    def _loaded(cls, source: FolderSource | NamedSource, device: str) -> Self:
        match source:
            case FolderSource(folder, fingerprint):
                name, tag = f"local-dir:{folder}", None
            case NamedSource(name, named):
                tag, fingerprint = named or None, sha256_of(_downloaded(source))
        model, _, transform = open_clip.create_model_and_transforms(name, tag, device=device)
        return cls(model, transform, open_clip.get_tokenizer(name), fingerprint)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text, n x d."""
        if len(self._texts) > CACHED_TEXTS:
            self._texts.clear()
        return np.stack([self._text(text) for text in texts])

    def encode_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> Vectors:
        """Return one unit vector per H x W x 3 picture, n x d, as the model's own transform prepares them.

        The pictures may differ in size; each gets the same vector in any company.
        """
        prepared = torch.stack([self._transform(Image.fromarray(picture)) for picture in pictures])
        with torch.inference_mode():
            parts = (prepared[k : k + self._width] for k in range(0, len(prepared), self._width))
            return np.concatenate([self._encoded(part) for part in parts])

    @property
    def _device(self) -> torch.device:
        device: torch.device = self._model.logit_scale.device
        return device

    def _encoded(self, part: torch.Tensor) -> Vectors:
        wide = part.new_zeros((self._width, *part.shape[1:]))
        wide[: len(part)] = part
        return self._unit(self._model.encode_image(wide.to(self._device)))[: len(part)]

    @property
    def _width(self) -> int:
        return CPU_WIDTH if self._device.type == "cpu" else GPU_WIDTH

    def _text(self, text: str) -> Vectors:
        if text not in self._texts:
            with torch.inference_mode():
                encoded = self._model.encode_text(self._tokenizer([text]).to(self._device))
            self._texts[text] = self._unit(encoded)[0]
        return self._texts[text]

    @staticmethod
    def _unit(vectors: torch.Tensor) -> Vectors:
        unit = torch.nn.functional.normalize(vectors.float(), dim=-1)
        return np.asarray(unit.cpu().numpy(), np.float32)


def _downloaded(source: NamedSource) -> Path:
    from open_clip.pretrained import download_pretrained_from_hf

    if not source.tag:
        path = download_pretrained_from_hf(source.name.removeprefix("hf-hub:"))
    else:
        known = open_clip.get_pretrained_cfg(source.name, source.tag)
        if not known:
            tags = ", ".join(open_clip.list_pretrained_tags_by_model(source.name)) or "none"
            raise WeightsInvalid(f"open_clip has no {source.name}:{source.tag}; its tags are: {tags}.")
        path = open_clip.download_pretrained(known)
    if not str(path).endswith(".safetensors"):
        raise WeightsInvalid(f"The CLIP model {_shown(source)} is not offered as safetensors.")
    return Path(path)


def _shown(source: FolderSource | NamedSource) -> str:
    match source:
        case FolderSource():
            return str(source.folder)
        case NamedSource():
            return f"{source.name}:{source.tag}" if source.tag else source.name
