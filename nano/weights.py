"""The shipped weights folder: its layout, its manifest, and the checks of both."""

import hashlib
import json
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).resolve().parent / "weights"
SHARED = ("vae", "text_encoder", "tokenizer", "scheduler")
VARIANTS = ("base", "turbo")
LIMIT_BYTES = 24_000_000
MANIFEST = "manifest.json"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    """Describe every file under a weights folder but its manifest: hash and size by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {
        path.relative_to(folder).as_posix(): {"sha256": digest(path), "bytes": path.stat().st_size}
        for path in files
    }


def write_manifest(folder: Path, made: dict[str, Any]) -> None:
    """Write the manifest beside the files it lists."""
    text = json.dumps({"files": listed(folder), "made": made}, indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path = WEIGHTS) -> dict[str, Any]:
    """Return the manifest of a weights folder."""
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return found
