"""The models on the device: brought when a job needs them, moved when somebody asks, at step boundaries."""

import threading
from collections import deque
from collections.abc import Callable, Container
from concurrent.futures import Future

from schemas import AssetError
from zimage_core.errors import InvalidRender, OutOfMemory
from zimage_core.ports import Backend, Observer, ResidentView
from zimage_core.residency import Residency, variant_of


class Residents:
    """Any thread may look and ask; `ensure` and `serve` belong to the engine's thread."""

    def __init__(
        self,
        backend: Backend,
        residency: Residency,
        observer: Observer,
        clock: Callable[[], float],
        wake: Callable[[], None],
    ) -> None:
        """Move models of `backend` as `residency` decides; `wake` tells the engine of something to do."""
        self._backend = backend
        self._residency = residency
        self._observer = observer
        self._clock = clock
        self._wake = wake
        self._orders: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._failures: dict[str, AssetError] = {}
        self._lock = threading.RLock()

    def list(self) -> tuple[ResidentView, ...]:
        """Return every variant and every adapter that is held or has failed."""
        with self._lock:
            names = dict.fromkeys([*self._backend.models(), *self._residency.held, *self._failures])
            return tuple(self._view(name) for name in names)

    def adapters(self) -> tuple[str, ...]:
        """Return the names of the adapters that lie in their folder now."""
        return self._backend.adapters()

    def trouble(self) -> tuple[str, ...]:
        """Return what went wrong with each model's last load, as sentences."""
        with self._lock:
            return tuple(f"{name}: {error.message}" for name, error in self._failures.items())

    def load(self, name: str) -> "Future[None]":
        """Bring a model onto the device; nothing happens when it is there. Raises InvalidRender."""
        return self._ordered(name, lambda: self.ensure(name))

    def reload(self, name: str) -> "Future[None]":
        """Check a model's files and load it anew; the old one serves on when they are invalid."""
        return self._ordered(name, lambda: self._bring(name))

    def unload(self, name: str) -> "Future[None]":
        """Take a model off the device; it comes back when a job needs it. Raises InvalidRender."""
        return self._ordered(name, lambda: self._drop(name))

    def pin(self, name: str, *, pinned: bool = True) -> None:
        """Keep a model on the device once it is there, or no longer. Raises InvalidRender."""
        self._require_known(name)
        with self._lock:
            (self._residency.pinned.add if pinned else self._residency.pinned.discard)(name)

    def ensure(self, name: str) -> None:
        """Have a model on the device; raise WeightsInvalid, OutOfMemory or InvalidRender."""
        if variant_of(name) != name:
            self.ensure(variant_of(name))
        if name not in self._residency.held:
            self._bring(name)
        self._residency.touch(name, self._clock())

    def serve(self, busy: Container[str]) -> bool:
        """Carry out one order, or drop an idle model that is not `busy`; report whether there was one."""
        with self._lock:
            order = self._orders.popleft() if self._orders else None
        if order is not None:
            work, future = order
            try:
                work()
            except AssetError as error:
                future.set_exception(error)
            else:
                future.set_result(None)
            return True
        idle = self._residency.idle(self._clock(), busy)
        for name in idle[:1]:
            self._drop(name)
        return bool(idle)

    def close(self, error: AssetError) -> None:
        """Answer every order that was not carried out with `error`."""
        with self._lock:
            orders, self._orders = self._orders, deque()
        for _, future in orders:
            future.set_exception(error)

    def _bring(self, name: str) -> None:
        began = self._clock()
        try:
            size = self._backend.size(name)
            for other in self._residency.cleared_for(name, size):
                self._drop(other)
            self._load(name)
        except AssetError as error:
            with self._lock:
                self._failures[name] = error
            raise
        with self._lock:
            self._failures.pop(name, None)
            self._residency.arrive(name, size, self._clock())
        self._observer.loaded(name, self._clock() - began)

    def _load(self, name: str) -> None:
        """Load a model; when the device has no room, once more with everything else gone that may go."""
        try:
            self._backend.bring(name)
        except OutOfMemory:
            others = self._residency.movable(name)
            if not others:
                raise
            for other in others:
                self._drop(other)
            self._backend.bring(name)

    def _drop(self, name: str) -> None:
        for one in self._residency.with_adapters(name):
            if one in self._residency.held:
                self._backend.drop(one)
                self._observer.unloaded(one)
        with self._lock:
            self._residency.leave(name)

    def _ordered(self, name: str, work: Callable[[], None]) -> "Future[None]":
        self._require_known(name)
        future: Future[None] = Future()
        with self._lock:
            self._orders.append((work, future))
        self._wake()
        return future

    def _require_known(self, name: str) -> None:
        variant, plus, adapter = name.partition("+")
        known = self._backend.models()
        if variant not in known or (plus and adapter not in self._backend.adapters()):
            adapters = ", ".join(self._backend.adapters()) or "none"
            raise InvalidRender(
                f"There is no model {name!r}; the variants are {', '.join(known)}, the adapters {adapters}."
            )

    def _view(self, name: str) -> ResidentView:
        held, error = self._residency.held.get(name), self._failures.get(name)
        absent = "failed" if error else "absent"
        return ResidentView(
            name=name,
            state="resident" if held else absent,
            bytes=held.size if held else 0,
            pinned=name in self._residency.pinned,
            idle_s=self._clock() - held.used if held else 0.0,
            fingerprint=self._backend.weights(name) if held else None,
            error=error.message if error else None,
        )
