"""The one thread that owns the device: loads the weights, then steps the engine until told to stop."""

import threading
from collections.abc import Callable, Sequence

from schemas import AssetError, RenderJob
from zimage_core.engine import Engine
from zimage_core.errors import RenderError

IDLE_WAIT_S = 0.5
"""How long the thread sleeps on an empty queue before it looks whether it should stop."""


class EngineThread:
    """Runs an engine in a thread of its own."""

    def __init__(
        self,
        engine: Engine,
        *,
        warm_up: Sequence[RenderJob] = (),
        on_ready: Callable[[], None] = lambda: None,
        on_failure: Callable[[AssetError], None] = lambda _: None,
    ) -> None:
        """Prepare the thread.

        `warm_up` is rendered before the first job; `on_ready` is called when the engine is ready,
        `on_failure` when it could not be loaded or cannot go on.
        """
        self.engine = engine
        self._warm_up = warm_up
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start loading; the engine is ready when `on_ready` is called."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Answer every job with CoreUnavailable and end the thread after the step it is in."""
        self._stopping.set()
        self.engine.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

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
