"""How errors and refusals leave the service: problem+json, or OpenAI's shape on OpenAI's addresses."""

import json
from http import HTTPStatus

from starlette.types import Scope, Send

from schemas import AssetError
from zimage_core.errors import InvalidRender, KeyRefused, NothingThere
from zimage_core.problems import problem_of, retry_header

OPENAI_PATHS = ("/v1/images/", "/v1/models", "/v1/files/")

OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
}


def speaks_openai(path: str) -> bool:
    """Report whether clients of `path` expect OpenAI's error shape."""
    return path.startswith(OPENAI_PATHS)


def answer_of(error: AssetError, path: str) -> tuple[int, dict[str, str], bytes]:
    """Return the status, headers and body that tell a client of `path` about `error`."""
    status, headers, body = openai_problem_of(error) if speaks_openai(path) else problem_of(error)
    if isinstance(error, KeyRefused):
        headers["www-authenticate"] = "Bearer"
    return status, headers, body


def openai_problem_of(error: AssetError) -> tuple[int, dict[str, str], bytes]:
    """Return `error` as OpenAI's API says it, so that its clients raise the class they have for the case.

    What a person can mend in the request is 400 there, not 422.
    """
    status = HTTPStatus.BAD_REQUEST if isinstance(error, InvalidRender) else error.status
    fallback = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    said = {
        "message": error.message,
        "type": OPENAI_TYPES.get(status, fallback),
        "param": error.context.get("field") or None,
        "code": "model_not_found" if _no_model(error) else error.code,
    }
    headers = {"content-type": "application/json", **retry_header(error)}
    return status, headers, json.dumps({"error": said}, default=str).encode()


def _no_model(error: AssetError) -> bool:
    return isinstance(error, NothingThere) and error.context.get("field") == "model"


async def refuse(scope: Scope, send: Send, error: AssetError) -> None:
    """Answer a request with `error` before anything of it is parsed."""
    status, headers, body = answer_of(error, scope["path"])
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
