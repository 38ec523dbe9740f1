"""Where a variant's weights lie on disk, and whether they are the ones they should be.

safetensors loads a flipped byte without a word, so whatever has a manifest is hashed before it is served.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from schemas import Variant, sha256_hex
from schemas.settings import NANO
from zimage_core.errors import WeightsInvalid

MANIFEST = "manifest.json"

PARTS = {
    "transformer": "config.json",
    "vae": "config.json",
    "text_encoder": "config.json",
    "tokenizer": "tokenizer_config.json",
    "scheduler": "scheduler_config.json",
}
"""The folders of a model as diffusers saves it, and a file that each must hold."""

SPEAKING = ("text_encoder", "tokenizer")
"""The parts that decide a text's embedding; the tokenizer's folder holds the template."""

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

ENDINGS = (".json", ".safetensors", ".txt", ".jinja")
"""The files that decide a picture; what else lies beside them (cards, licences) is not loaded."""

HUB_FILES = [f"{part}/*{ending}" for part in PARTS for ending in ENDINGS]
"""What is fetched from a hub: never a pickle, never code."""


@dataclass(frozen=True)
class VariantWeights:
    """The folder of each part of a variant, and the fingerprint over all their files."""

    variant: Variant
    parts: dict[str, Path]
    fingerprint: str
    words: str = ""
    """The fingerprint of what decides an embedding: text encoder, tokenizer and template."""
    source: tuple[str, Path] | None = None
    """What `locate` was given, so that the files can be checked again."""


def locate(variant: Variant, setting: str, nano_folder: Path) -> VariantWeights:
    """Find a variant's weights and check them; `setting` is `nano`, a folder or a hub id.

    `nano_folder` holds the bundled weights: parts shared by both variants, and a folder per variant with its
    own. An ordinary folder holds all parts; its manifest is optional. Raises WeightsInvalid naming the file.
    """
    if setting == NANO:
        return replace(_bundled(variant, nano_folder), source=(setting, nano_folder))
    folder = Path(setting).expanduser()
    if not folder.is_dir():
        folder = _fetched(setting)
    parts = {name: folder / name for name in PARTS}
    weights = _checked(variant, folder, parts, manifest_needed=False)
    return replace(weights, source=(setting, nano_folder))


def located_again(weights: VariantWeights) -> VariantWeights:
    """Find and check a variant's weights anew; raise WeightsInvalid."""
    return weights if weights.source is None else locate(weights.variant, *weights.source)


def verify(folder: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """Check files against the folder's manifest; return the SHA-256 of each by its path in the folder.

    `names` chooses files (all when None). Raises WeightsInvalid for a missing or damaged file.
    """
    files = _manifest(folder)
    chosen = files if names is None else {name: files[name] for name in names if name in files}
    for name, expected in chosen.items():
        _verify_file(folder / name, expected)
    return chosen


def _bundled(variant: Variant, folder: Path) -> VariantWeights:
    if not folder.is_dir():
        raise WeightsInvalid(
            f"The bundled weights are missing: there is no folder {folder}; restore it from the repository.",
            folder=str(folder),
        )
    parts = {}
    for name in PARTS:
        own = folder / variant / name
        parts[name] = own if own.is_dir() else folder / name
    return _checked(variant, folder, parts, manifest_needed=True)


def _checked(
    variant: Variant, folder: Path, parts: dict[str, Path], *, manifest_needed: bool
) -> VariantWeights:
    for name, part in parts.items():
        if not (part / PARTS[name]).is_file():
            raise WeightsInvalid(
                f"The {variant} weights are incomplete: {part / PARTS[name]} is missing; "
                "copy the whole folder again, as diffusers saved it.",
                file=str(part / PARTS[name]),
            )
    files = [file for part in parts.values() for file in part.rglob("*") if file.suffix in ENDINGS]
    hashes = {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}
    if manifest_needed or (folder / MANIFEST).is_file():
        _compare(folder, parts, hashes)
    fingerprint = sha256_hex("\n".join(sorted(hashes.values())).encode())
    speaking = tuple(parts[name].relative_to(folder).as_posix() + "/" for name in SPEAKING)
    words = sorted(f"{name} {found}" for name, found in hashes.items() if name.startswith(speaking))
    return VariantWeights(variant, parts, fingerprint, words=sha256_hex("\n".join(words).encode()))


def _compare(folder: Path, parts: dict[str, Path], hashes: dict[str, str]) -> None:
    listed = _manifest(folder)
    for name, found in hashes.items():
        if name not in listed:
            raise WeightsInvalid(
                f"{folder / name} is not in {folder / MANIFEST}; remove the file.", file=str(folder / name)
            )
        _compare_hash(folder / name, listed[name], found)
    prefixes = tuple(part.relative_to(folder).as_posix() + "/" for part in parts.values())
    for name, expected in listed.items():
        if name.startswith(prefixes) and name not in hashes:
            _verify_file(folder / name, expected)


def _verify_file(file: Path, expected: str) -> None:
    if not file.is_file():
        raise WeightsInvalid(
            f"{file} is missing; restore the file whose SHA-256 is {expected}.",
            file=str(file),
            expected=expected,
        )
    _compare_hash(file, expected, sha256_of(file))


def _compare_hash(file: Path, expected: str, found: str) -> None:
    if found != expected:
        raise WeightsInvalid(
            f"{file} is damaged: its SHA-256 is {found}; restore the file whose SHA-256 is {expected}.",
            file=str(file),
            expected=expected,
            found=found,
        )


def _manifest(folder: Path) -> dict[str, str]:
    """Return the SHA-256 that the folder's manifest lists for each file."""
    try:
        files = json.loads((folder / MANIFEST).read_text())["files"]
        return {str(name): str(entry["sha256"]) for name, entry in files.items()}
    except FileNotFoundError as error:
        raise WeightsInvalid(f"{folder / MANIFEST} is missing; restore it.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsInvalid(f"{folder / MANIFEST} is damaged; restore it.") from error


def stored_bytes(folder: Path) -> int:
    """Return the bytes of the tensors that a part's folder holds."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's content; raise WeightsInvalid when it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise WeightsInvalid(f"{file} cannot be read: {error.strerror}.", file=str(file)) from error


def _fetched(setting: str) -> Path:
    if not HUB_ID.fullmatch(setting):
        raise WeightsInvalid(
            f"{setting!r} is no weights setting: it must be `nano`, a folder that exists, or a hub id "
            "such as Tongyi-MAI/Z-Image-Turbo."
        )
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(setting, allow_patterns=HUB_FILES))
    except Exception as error:
        raise WeightsInvalid(
            f"There is no folder {setting}, and the hub does not give it: {type(error).__name__}; "
            "give a folder, or check the id and the network."
        ) from error
