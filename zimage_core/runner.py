"""The thread that owns the device, and the one that watches whether it still answers."""

import os
import threading
import time
from collections.abc import Callable, Sequence

from schemas import AssetError, RenderJob
from zimage_core.engine import Engine
from zimage_core.errors import RenderError
from zimage_core.ports import EngineState

IDLE_WAIT_S = 0.5
"""How long the thread sleeps with nothing to do before it looks whether it should stop."""

WATCH_S = 0.2
"""How often deadlines and the age of the device's present work are looked at."""

HANG_LIMIT_S = 60.0
"""Seconds that one pass may take before the device is given up."""

HUNG_EXIT_CODE = 75
"""With this the process ends when its device hangs (EX_TEMPFAIL): whoever supervises it starts it anew."""


def leave_hung() -> None:
    """End the process at once; a thread that is stuck in a driver cannot be ended otherwise."""
    os._exit(HUNG_EXIT_CODE)


class EngineThread:
    """Runs an engine in a thread of its own."""

    def __init__(
        self,
        engine: Engine,
        *,
        warm_up: Sequence[RenderJob] = (),
        on_ready: Callable[[], None] = lambda: None,
        on_failure: Callable[[AssetError], None] = lambda _: None,
        hang_limit_s: float = HANG_LIMIT_S,
        on_hang: Callable[[], None] = leave_hung,
    ) -> None:
        """Prepare the threads.

        `warm_up` is rendered before the first job; `on_ready` is called when the engine is ready,
        `on_failure` when it could not be loaded or cannot go on, `on_hang` once its jobs were answered after
        one piece of work took longer than `hang_limit_s`.
        """
        self.engine = engine
        self._warm_up = warm_up
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._hang_limit_s = hang_limit_s
        self._on_hang = on_hang
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start loading; the engine is ready when `on_ready` is called."""
        self._thread.start()
        self._watchdog.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Answer every job with CoreUnavailable and end the threads after the step they are in."""
        self._stopping.set()
        self.engine.close()
        for thread in (self._thread, self._watchdog):
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(timeout_s)

    def drain(self, timeout_s: float) -> bool:
        """Finish what has begun and take no more; report whether that was done in time, then `stop`."""
        self.engine.drain()
        until = time.monotonic() + timeout_s
        while not self.engine.drained and time.monotonic() < until:
            time.sleep(WATCH_S / 4)
        drained = self.engine.drained
        self.stop()
        return drained

    def watch(self) -> bool:
        """Answer what is past its deadline; report whether the device still answers."""
        self.engine.queue.expire()
        loading = self.engine.state is EngineState.LOADING
        return loading or self.engine.step_age() <= self._hang_limit_s

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_S):
            if not self.watch():
                self._stopping.set()
                self.engine.hang()
                self._on_hang()

    def _run(self) -> None:
        try:
            self.engine.load(self._warm_up)
            self._on_ready()
            self._serve()
        except AssetError as error:
            self._give_up(error)
        except Exception as error:  # noqa: BLE001 - whoever waits for this thread must hear of any failure
            self._give_up(RenderError(f"The engine failed: {type(error).__name__}: {error}"))

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if not self.engine.step():
                self.engine.queue.wait_for_work(IDLE_WAIT_S)

    def _give_up(self, error: AssetError) -> None:
        self.engine.close()
        self._on_failure(error)
