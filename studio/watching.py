"""Telling many listeners what changes: one look at the catalog serves all who watch the same thing.

A browser that leaves ends its stream; the looking ends with the last listener.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Generic, TypeVar

from catalog import CatalogError
from studio.errors import TooManyStreams

LOG = logging.getLogger(__name__)

POLL_S = 1.0
"""Seconds between two looks."""

HEARTBEAT_S = 15.0
"""Seconds of silence after which a listener gets a sign of life, so that no proxy ends the stream."""

LONGEST_S = 1800.0
"""Seconds after which a stream ends; a browser that still listens begins a new one by itself."""

MOST_STREAMS = 100
"""Streams at a time; each costs a connection and some memory."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Watched(Generic[V]):
    """What is known about one thing, and how many listen."""

    def __init__(self, looking: "asyncio.Task[None] | None" = None) -> None:
        self.listeners = 0
        self.version = 0
        self.latest: V | None = None
        self.ended = False
        self.changed = asyncio.Condition()
        self.looking = looking


class Watch(Generic[K, V]):
    """Looks at things while somebody listens; `ended` says when nothing more will change."""

    def __init__(
        self,
        look: Callable[[K], V],
        ended: Callable[[V], bool],
        *,
        poll_s: float = POLL_S,
        heartbeat_s: float = HEARTBEAT_S,
        most: int = MOST_STREAMS,
    ) -> None:
        """Ask `look` (blocking; in a thread) every `poll_s`; its answers are compared with ==."""
        self._look = look
        self._ended = ended
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._most = most
        self._watched: dict[K, _Watched[V]] = {}

    @property
    def listeners(self) -> int:
        """How many streams are open."""
        return sum(one.listeners for one in self._watched.values())

    def require_room(self) -> None:
        """Raise TooManyStreams when no more streams are served."""
        if self.listeners >= self._most:
            raise TooManyStreams

    async def follow(self, key: K) -> AsyncIterator[V | None]:
        """Yield the present answer and each that differs until `ended` says so; None is a sign of life."""
        watched = self._watched.setdefault(key, _Watched())
        watched.listeners += 1
        if watched.looking is None:
            watched.looking = asyncio.create_task(self._keep_looking(key, watched))
        try:
            seen, began = 0, asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() - began < LONGEST_S:
                if await self._newer(watched, seen):
                    seen = watched.version
                    yield watched.latest
                elif not watched.ended:
                    yield None
                if watched.ended and watched.version == seen:
                    return
        finally:
            self._leave(key, watched)

    async def _newer(self, watched: _Watched[V], seen: int) -> bool:
        """Wait for an answer that was not seen; tell whether one came before it was time for a heartbeat."""
        try:
            async with asyncio.timeout(self._heartbeat_s), watched.changed:
                await watched.changed.wait_for(lambda: watched.version > seen or watched.ended)
        except TimeoutError:
            return False
        return watched.version > seen

    async def _keep_looking(self, key: K, watched: _Watched[V]) -> None:
        """Look until nothing more changes; a look that breaks ends all streams, so that none stays silent."""
        try:
            await self._look_on(key, watched)
        finally:
            async with watched.changed:
                watched.ended = True
                watched.changed.notify_all()

    async def _look_on(self, key: K, watched: _Watched[V]) -> None:
        while not watched.ended:
            try:
                answer = await asyncio.to_thread(self._look, key)
            except CatalogError as error:
                LOG.warning("could not look: %s", error.message)
            else:
                if watched.version == 0 or answer != watched.latest:
                    async with watched.changed:
                        watched.latest, watched.ended = answer, self._ended(answer)
                        watched.version += 1
                        watched.changed.notify_all()
            if not watched.ended:
                await asyncio.sleep(self._poll_s)

    def _leave(self, key: K, watched: _Watched[V]) -> None:
        watched.listeners -= 1
        if watched.listeners == 0:
            if watched.looking:
                watched.looking.cancel()
            if self._watched.get(key) is watched:
                del self._watched[key]


def event(name: str, text: str) -> str:
    """Write one server-sent event; every line of `text` becomes a line of data."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"


HEARTBEAT = ": still here\n\n"
"""A comment, which browsers pass over."""

STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""So that nothing between us and the browser keeps a stream back."""
