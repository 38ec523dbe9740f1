"""Signatures of webhook messages after Standard Webhooks 1.0.0 (standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from schemas import SettingsInvalid

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
"""How long a secret may be, says the standard."""


def key_of(secret: str) -> bytes:
    """Return the key inside `whsec_<base64>`; raise SettingsInvalid when it is none, without repeating it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise SettingsInvalid(
            f"A webhook secret is {PREFIX} followed by {LEAST_BYTES} to {MOST_BYTES} bytes in base64."
        )
    return key


def signed_headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that let a receiver prove a message; `timestamp` is in whole seconds since 1970.

    Every secret signs, so that a receiver may go from an old one to a new one at any time (key rotation).
    """
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signatures = (hmac.new(key_of(secret), content, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }
