"""The core from the other side of HTTP.

Imports no torch, and never retries: retries have one owner, the flow.
"""

import time
from types import TracebackType
from typing import Self

import httpx
from pydantic import ValidationError

from schemas import AssetError, RenderJob, RenderResult
from zimage_core.errors import CoreUnavailable, RenderError, RenderTimedOut
from zimage_core.problems import error_from

CONNECT_TIMEOUT_S = 5.0
CONNECTIONS = 256
"""More jobs than this in flight from one process wait for a connection."""

POLL_S = 0.1


class CoreClient:
    """Asks a core for pictures; safe to share between threads."""

    def __init__(
        self, url: str, timeout_s: float = 300.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Talk to the core at `url`, waiting `timeout_s` for each picture."""
        self.url = url
        self._timeout_s = timeout_s
        self._http = httpx.Client(
            base_url=url,
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            transport=transport,
            trust_env=False,
        )

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture of `job`.

        Raises the RenderError that the core raised; CoreUnavailable when it cannot be reached; RenderTimedOut
        when it does not answer in time.
        """
        body = job.model_dump_json().encode()
        answer = self._send("POST", "/render", body)
        try:
            return RenderResult.model_validate_json(answer.content)
        except ValidationError as error:
            raise RenderError(f"{self.url} answered something that is not a RenderResult.") from error

    def cancel(self, job_id: str) -> None:
        """Withdraw a job; an unknown id is fine."""
        self._send("DELETE", f"/jobs/{job_id}")

    def ready(self) -> bool:
        """Report whether the core would take a job now."""
        try:
            self._send("GET", "/ready")
        except AssetError:
            return False
        return True

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

    def _send(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        try:
            answer = self._http.request(
                method, path, content=body, headers={"content-type": "application/json"}
            )
        except httpx.ReadTimeout as error:
            raise RenderTimedOut(f"The core did not answer within {self._timeout_s:g} s.") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise CoreUnavailable(f"The core at {self.url} cannot be reached: {error}.") from error
        if answer.is_success:
            return answer
        raise error_from(answer.status_code, answer.content)
