"""The core from the other side of HTTP.

Imports no torch. It waits where the core says when to come back, and tries nothing else twice: what failed is
tried again by its one owner, the flow.
"""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import ValidationError

from schemas import AssetError, Claim, RenderJob, RenderResult, Schema, Scores, Settings, SettingsInvalid
from schemas.request_ids import REQUEST_ID_HEADER, current_request_id
from schemas.tracing import trace_headers
from zimage_core.errors import CoreUnavailable, NothingThere, RenderError, RenderTimedOut
from zimage_core.problems import error_from

CONNECT_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 30.0
CONNECTIONS = 256
"""More jobs than this in flight from one process wait for a connection."""

PATIENCE_S = 60.0
"""How long a job is held back altogether while the core says that it has no room."""

JITTER = 0.25
"""Up to this share is added to each wait, so that those turned away together do not come back together."""

ANSWER_BYTES = 256 << 20
SMALL_TIMEOUT_S = 10.0
"""For questions that need no device."""

POLL_S = 0.1

S = TypeVar("S", bound=Schema)


class CoreClient:
    """Asks a core for pictures; safe to share between threads."""

    def __init__(
        self,
        url: str,
        timeout_s: float = 300.0,
        transport: httpx.BaseTransport | None = None,
        *,
        key: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Talk to the core at `url` with an API key, if it wants one.

        A picture takes `timeout_s` at most, everything included; of these, `patience_s` may be spent waiting
        where a 429 or 503 says when to come back.
        """
        self.url = url
        self._timeout_s = timeout_s
        self._patience_s = min(patience_s, timeout_s)
        self._http = httpx.Client(
            base_url=url,
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S, write=SEND_TIMEOUT_S),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            transport=transport,
            trust_env=False,
        )

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture of `job`.

        Raises the error that the core raised, a busy one only after `patience_s`; CoreUnavailable when it
        cannot be reached, with `lost` in its context when the connection broke after the job was sent;
        RenderTimedOut when it does not answer in time.
        """
        return self._asked("/v1/renders", job.model_dump_json().encode(), RenderResult)

    def score(self, picture: bytes, claims: tuple[Claim, ...]) -> Scores:
        """Return the Scores of a PNG, JPEG or WebP file; raises as `render` does, and UnreadablePicture."""
        body = _ScoreBody(picture=picture, claims=claims).model_dump_json().encode()
        return self._asked("/v1/scores", body, Scores)

    def cancel(self, job_id: str) -> None:
        """Withdraw a job; an unknown id is fine."""
        with suppress(NothingThere):
            self._send("DELETE", f"/v1/renders/{job_id}", SMALL_TIMEOUT_S)

    def ready(self) -> bool:
        """Report whether the core would take a job now."""
        try:
            self._send("GET", "/health/ready", SMALL_TIMEOUT_S)
        except AssetError:
            return False
        return True

    def health(self) -> dict[str, Any]:
        """Return what the core says of itself, as GET /health has it; raises CoreUnavailable and the like."""
        told: dict[str, Any] = json.loads(self._send("GET", "/health", SMALL_TIMEOUT_S))
        return told

    def wait_until_ready(self, timeout_s: float) -> None:
        """Return when the core is ready; raise CoreUnavailable when it is not after `timeout_s`."""
        end = time.monotonic() + timeout_s
        while not self.ready():
            if time.monotonic() >= end:
                raise CoreUnavailable(f"The core at {self.url} was not ready after {timeout_s:g} s.")
            time.sleep(POLL_S)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(self, path: str, body: bytes, answer: type[S]) -> S:
        """Post `body`, again and again while the core is busy and patience lasts; return its answer."""
        end = time.monotonic() + self._timeout_s
        patient_until = time.monotonic() + self._patience_s
        while True:
            try:
                content = self._send("POST", path, end - time.monotonic(), body)
                break
            except AssetError as error:
                pause = _pause(error)
                if pause is None or time.monotonic() + pause > patient_until:
                    raise
            time.sleep(pause)
        try:
            return answer.model_validate_json(content)
        except ValidationError as error:
            raise RenderError(f"{self.url} answered something that is not a {answer.__name__}.") from error

    def _send(self, method: str, path: str, seconds: float, body: bytes | None = None) -> bytes:
        """Return the answer's body, all of it within `seconds`; raise what the answer or the network says."""
        end = time.monotonic() + seconds
        with self._translated(seconds):
            timeout = httpx.Timeout(max(seconds, 0.001), connect=CONNECT_TIMEOUT_S, write=SEND_TIMEOUT_S)
            headers = {"content-type": "application/json"} if body is not None else {}
            if request_id := current_request_id():
                headers[REQUEST_ID_HEADER] = request_id
            headers |= trace_headers()
            with self._http.stream(method, path, content=body, headers=headers, timeout=timeout) as answer:
                content = b"".join(_within(answer.iter_bytes(), end, seconds))
        if answer.is_success:
            return content
        raise error_from(answer.status_code, content, answer.headers)

    @contextmanager
    def _translated(self, seconds: float) -> Iterator[None]:
        try:
            yield
        except httpx.ReadTimeout as error:
            raise RenderTimedOut(f"The core did not answer within {seconds:g} s.") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            lost = isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError)
            sentence = f"The core at {self.url} cannot be reached: {error}."
            raise CoreUnavailable(sentence, **({"lost": True} if lost else {})) from error


class _ScoreBody(Schema):
    picture: bytes
    claims: tuple[Claim, ...]


def client_of(settings: Settings, url: str) -> CoreClient:
    """Return a client of the core at `url` with the key and patience that `settings` state.

    Raises SettingsInvalid when the key's file cannot be read.
    """
    core = settings.core
    key = core.key.get_secret_value() if core.key else None
    if key is None and core.key_file is not None:
        try:
            key = core.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(f"The key file {core.key_file} cannot be read: {error}.") from error
    return CoreClient(url, timeout_s=core.render_timeout_s, key=key)


def _pause(error: AssetError) -> float | None:
    """Return the seconds after which the core asked to be asked again; None when it did not."""
    seconds = error.context.get("retry_after_s")
    if not error.retryable or not isinstance(seconds, int | float) or seconds < 0:
        return None
    return float(seconds) * (1 + JITTER * random.random())  # noqa: S311 - it spreads a crowd, it keeps no secret


def _within(chunks: Iterator[bytes], end: float, seconds: float) -> Iterator[bytes]:
    """Pass chunks on until `end`; raise RenderTimedOut for a body that drips, RenderError for a flood."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() > end:
            raise RenderTimedOut(f"The core did not answer in full within {seconds:g} s.")
        if size > ANSWER_BYTES:
            raise RenderError(f"The core's answer is larger than {ANSWER_BYTES >> 20} MB.")
        yield chunk
