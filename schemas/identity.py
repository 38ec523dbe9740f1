"""Ids derived from content, so that doing anything twice is recognised as the same thing."""

import hashlib
import json
from typing import Any

ID_DIGITS = 24


def canonical_json(value: Any) -> bytes:
    """Encode `value` as UTF-8 JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def content_id(kind: str, value: Any) -> str:
    """Return `kind_` and the first 24 hex digits (96 bits) of SHA-256 over `value`'s canonical JSON.

    96 bits keep a collision below 1 in 10^9 for 10^10 ids (birthday bound).
    """
    return f"{kind}_{hashlib.sha256(canonical_json(value)).hexdigest()[:ID_DIGITS]}"


def content_seed(value: Any) -> int:
    """Return a seed in 0..2^31-1 derived from `value`; every random generator we use accepts that range."""
    return int.from_bytes(hashlib.sha256(canonical_json(value)).digest()[:4], "big") >> 1


def sha256_hex(data: bytes) -> str:
    """Return the 64 hex digits of SHA-256 over `data`."""
    return hashlib.sha256(data).hexdigest()
