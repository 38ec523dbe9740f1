"""Errors on the wire: problem+json (RFC 9457) there, the same exception class back."""

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from schemas import AssetError, revive
from zimage_core.errors import CoreUnavailable, InvalidRender, RenderError

MEDIA_TYPE = "application/problem+json"

WAITING_STATUSES = frozenset({429, 503})
"""What is always answered with Retry-After."""

SHOWN = 60
"""Characters of a made-up name that a sentence repeats."""


def retry_header(error: AssetError) -> dict[str, str]:
    """Return the Retry-After header that `error` is answered with; none for what waiting cannot heal."""
    if "retry_after_s" in error.context or error.status in WAITING_STATUSES:
        return {"retry-after": str(error.context.get("retry_after_s", 1))}
    return {}


def problem_of(error: AssetError) -> tuple[int, dict[str, str], bytes]:
    """Return the status, headers and body that carry `error`."""
    body = {
        "type": "about:blank",
        "title": type(error).__name__,
        "status": error.status,
        "code": error.code,
        "message": error.message,
        "context": error.context,
        "retryable": error.retryable,
    }
    encoded = json.dumps(body, default=str).encode()
    return error.status, {"content-type": MEDIA_TYPE, **retry_header(error)}, encoded


def error_from(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> AssetError:
    """Return the error that an answer carries; one without a code of ours is judged by its status.

    A Retry-After in whole seconds among `headers` is put into the context as `retry_after_s`.
    """
    waiting = (headers or {}).get("retry-after", "")
    known = {"retry_after_s": int(waiting)} if waiting.isdecimal() and len(waiting) < SHOWN else {}
    try:
        problem: dict[str, Any] = json.loads(body)
        return revive(problem["code"], problem["message"], {**known, **problem["context"]})
    except (ValueError, KeyError, TypeError):
        # The core explains each failure of its own, so this one is a proxy's, whose core went away.
        kind = CoreUnavailable if status >= HTTPStatus.INTERNAL_SERVER_ERROR else RenderError
        sentence = f"The core's address answered with status {status} and no explanation."
        return kind(sentence, status=status, **known)


def invalid_job(error: ValidationError, subject: str = "The job") -> InvalidRender:
    """Return one sentence about the first thing that is wrong with a body, with the nearest legal value."""
    first = error.errors(include_url=False)[0]
    where = ".".join(_shown(part) for part in first["loc"])
    what = first["msg"][:1].lower() + first["msg"][1:]
    nearest = nearest_legal(first["input"], first.get("ctx", {}), where)
    hint = f"; the nearest that can be rendered is {nearest}" if nearest is not None else ""
    return InvalidRender(
        f"{subject} cannot be used: {f'{where}: ' if where else ''}{what}{hint}.", field=where
    )


def _shown(part: str | int) -> str:
    """Return a part of a place in a body, of which the sender may have made up every character."""
    text = str(part)[:SHOWN]
    return text if text.isprintable() else ascii(text)


SIDE_STEP, LEAST_SIDE, LARGEST_SIDE = 16, 16, 2048
"""The sides that `schemas.rendering.Side` allows, in px."""


def nearest_side(side: float) -> int:
    """Return the side in px nearest to `side` that can be rendered; of two equally near the larger."""
    bounded = min(max(side, LEAST_SIDE), LARGEST_SIDE)
    return math.floor(bounded / SIDE_STEP + 0.5) * SIDE_STEP


def nearest_legal(value: object, limits: Mapping[str, Any], field: str) -> float | None:
    """Return the legal number nearest to a refused `value` of `field`; None where there is no such thing.

    `limits` is the context that pydantic gives with its error: `ge`, `le`, `multiple_of`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if field.rpartition(".")[2] in {"width", "height"} and limits.keys() & {"ge", "le", "multiple_of"}:
        return nearest_side(value)
    for bound, inside in (("ge", 0), ("le", 0), ("gt", 1), ("lt", -1)):
        if bound in limits:
            legal: float = limits[bound] + inside
            return legal
    return None
