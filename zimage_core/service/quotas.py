"""What one tenant may ask: so many requests a minute, so many at a time."""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from schemas import AssetError
from zimage_core.errors import QuotaReached
from zimage_core.service.keys import Caller
from zimage_core.service.wire import refuse

MINUTE_S = 60.0


@dataclass
class Bucket:
    """Requests a tenant may still send at once, and when that was last counted."""

    tokens: float
    counted: float


class Quotas:
    """Counts requests by tenant; belongs to the one thread that runs the service's event loop.

    The rate is a token bucket that holds one minute's worth, so a tenant may send a minute's requests at once
    and then waits for the bucket to fill. Tenants come from the keys file, so the counts cannot grow without
    bound.
    """

    def __init__(
        self, per_minute: int | None, in_flight: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `per_minute` requests and `in_flight` at a time; None is no limit."""
        self._per_minute = per_minute
        self._in_flight_limit = in_flight
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        self._in_flight: Counter[str] = Counter()

    def enter(self, tenant: str) -> None:
        """Count a request in; raise QuotaReached with `retry_after_s`. Whoever came in calls `leave`."""
        limit = self._in_flight_limit
        if limit is not None and self._in_flight[tenant] >= limit:
            raise QuotaReached(
                f"{limit} requests of this tenant are under way, which is its limit; wait for one of them.",
                retry_after_s=1,
            )
        if self._per_minute is not None:
            self._spend(tenant, self._per_minute)
        self._in_flight[tenant] += 1

    def leave(self, tenant: str) -> None:
        """Count a request out."""
        self._in_flight[tenant] -= 1

    def _spend(self, tenant: str, per_minute: int) -> None:
        now = self._clock()
        bucket = self._buckets.setdefault(tenant, Bucket(per_minute, now))
        bucket.tokens = min(per_minute, bucket.tokens + (now - bucket.counted) * per_minute / MINUTE_S)
        bucket.counted = now
        if bucket.tokens < 1:
            seconds = math.ceil((1 - bucket.tokens) * MINUTE_S / per_minute)
            raise QuotaReached(
                f"This tenant may send {per_minute} requests a minute and has sent them.",
                retry_after_s=max(1, seconds),
            )
        bucket.tokens -= 1


class QuotaGate:
    """Raw ASGI: answers 429 to what is over its tenant's quota, before it is parsed."""

    def __init__(self, app: ASGIApp, quotas: Quotas, refused: Callable[[AssetError], None]) -> None:
        """Hold the requests that use the device against `quotas`; tell `refused` of each refusal."""
        self.app = app
        self.quotas = quotas
        self.refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http" or not scope["rule"].makes:
            await self.app(scope, receive, send)
            return
        caller: Caller = scope["caller"]
        try:
            self.quotas.enter(caller.tenant)
        except QuotaReached as error:
            self.refused(error)
            await refuse(scope, send, error)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self.quotas.leave(caller.tenant)
