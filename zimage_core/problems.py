"""Errors on the wire: problem+json (RFC 9457) there, the same exception class back."""

import json
from typing import Any

from pydantic import ValidationError

from schemas import AssetError, revive
from zimage_core.errors import CoreUnavailable, InvalidRender, RenderError

MEDIA_TYPE = "application/problem+json"

GATEWAY_STATUSES = frozenset({502, 503, 504})
"""What a proxy answers by itself while the core behind it is away."""


def problem_of(error: AssetError) -> tuple[int, dict[str, str], bytes]:
    """Return the status, headers and body that carry `error`."""
    headers = {"content-type": MEDIA_TYPE}
    if "retry_after_s" in error.context:
        headers["retry-after"] = str(error.context["retry_after_s"])
    body = {
        "type": "about:blank",
        "title": type(error).__name__,
        "status": error.status,
        "code": error.code,
        "message": error.message,
        "context": error.context,
        "retryable": error.retryable,
    }
    return error.status, headers, json.dumps(body, ensure_ascii=False, default=str).encode()


def error_from(status: int, body: bytes) -> AssetError:
    """Return the error that an answer carries; one without a code of ours is judged by its status."""
    try:
        problem: dict[str, Any] = json.loads(body)
        return revive(problem["code"], problem["message"], problem["context"])
    except (ValueError, KeyError, TypeError):
        kind = CoreUnavailable if status in GATEWAY_STATUSES else RenderError
        return kind(f"The core's address answered with status {status} and no explanation.", status=status)


def invalid_job(error: ValidationError) -> InvalidRender:
    """Return one sentence about the first thing that is wrong with a RenderJob's JSON."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"][:1].lower() + first["msg"][1:]
    return InvalidRender(f"The job cannot be used: {f'{where}: ' if where else ''}{what}.", field=where)
