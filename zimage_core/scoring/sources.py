"""Where a CLIP model's weights lie, and whether they are the ones they should be. No torch here."""

import re
from dataclasses import dataclass
from pathlib import Path

from schemas.settings import NANO
from zimage_core.errors import WeightsInvalid
from zimage_core.weights import MANIFEST, sha256_of, verify

CONFIG = "open_clip_config.json"
FIRST = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors")
"""Weights that open_clip prefers to any pickle beside them."""

PREFERRED = (*FIRST, "model.safetensors")
"""The order in which open_clip chooses among safetensors."""

NAMED = re.compile(r"(?P<name>[\w.-]+):(?P<tag>[\w.-]+)")
HUB = "hf-hub:"


@dataclass(frozen=True)
class FolderSource:
    """A folder with an open_clip configuration, its tokenizer and its safetensors weights."""

    folder: Path
    fingerprint: str
    """SHA-256 of the weights and of the configuration, joined."""


@dataclass(frozen=True)
class NamedSource:
    """A model that open_clip knows by name and tag, or by hub id (then `tag` is empty); it is downloaded."""

    name: str
    tag: str


def source_of(clip: str, nano_folder: Path) -> FolderSource | NamedSource:
    """Find what the setting `clip` means: `nano`, a folder, `NAME:TAG` of open_clip, or `hf-hub:ORG/NAME`.

    The bundled folder is checked against its manifest, another one if it has any. Raises WeightsInvalid with
    what is missing, damaged or misspelt.
    """
    if clip == NANO:
        folder = nano_folder / "clip"
        verify(nano_folder, [path.relative_to(nano_folder).as_posix() for path in folder.glob("*")])
        return _folder(folder)
    folder = Path(clip).expanduser()
    if folder.is_dir():
        if (folder / MANIFEST).is_file():
            verify(folder)
        return _folder(folder)
    if clip.startswith(HUB):
        return NamedSource(clip, "")
    if named := NAMED.fullmatch(clip):
        return NamedSource(named["name"], named["tag"])
    raise WeightsInvalid(
        f"{clip!r} is no CLIP setting: it must be `nano`, a folder that exists, open_clip's NAME:TAG such as "
        "xlm-roberta-base-ViT-B-32:laion5b_s13b_b90k, or hf-hub:ORG/NAME."
    )


def _folder(folder: Path) -> FolderSource:
    if not (folder / CONFIG).is_file():
        raise WeightsInvalid(f"The CLIP folder {folder} has no {CONFIG}; copy the whole folder again.")
    found = {path.name: path for path in sorted(folder.glob("*.safetensors"))}
    if not found:
        raise WeightsInvalid(
            f"The CLIP folder {folder} has no .safetensors file; other weight files are not loaded."
        )
    name = next((name for name in PREFERRED if name in found), min(found))
    if name not in FIRST and (pickles := [*folder.glob("*.bin"), *folder.glob("*.pth")]):
        raise WeightsInvalid(
            f"The CLIP folder {folder} holds {pickles[0].name}, which open_clip would take before {name}; "
            "remove it."
        )
    fingerprint = sha256_of(found[name])[:32] + sha256_of(folder / CONFIG)[:32]
    return FolderSource(folder, fingerprint)
