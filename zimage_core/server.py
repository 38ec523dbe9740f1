"""The core as a process: wires settings, weights, scorer, engine and HTTP together."""

import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from schemas import AssetError, Claim, ClaimOption, RenderJob, Scores, SettingsInvalid, Variant
from schemas.settings import CoreSettings
from zimage_core.engine import Engine
from zimage_core.ports import Picture, Scorer
from zimage_core.presets import presets, profile_of
from zimage_core.runner import EngineThread
from zimage_core.service import create_app
from zimage_core.weights import VariantWeights, locate

SHUTDOWN_S = 2
"""Seconds that open connections get to take their last answer after SIGTERM."""

BACKLOG = 2048


def serve(
    settings: CoreSettings,
    nano_folder: Path,
    *,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; `nano_folder` holds the bundled weights.

    The port is bound before the weights are loaded. `announce` gets the one line
    `core ready on http://HOST:PORT` when a job would be taken (standard output when None). Raises
    SettingsInvalid when the address cannot be bound and WeightsInvalid when the weights cannot be loaded.
    A process that did nothing else calls `leave` afterwards.
    """
    with bind(settings.host, settings.port) as listener:
        engine = build_engine(settings, nano_folder)
        serve_engine(engine, listener, announce or _print_line, warm_up_jobs(settings))


def build_engine(settings: CoreSettings, nano_folder: Path) -> Engine:
    """Return the engine that `settings` describe, with nothing loaded yet."""
    from zimage_core.backends.zimage import ZImageBackend

    chosen = {Variant.TURBO: settings.turbo, Variant.BASE: settings.base}

    def located() -> list[VariantWeights]:
        return [locate(variant, setting, nano_folder) for variant, setting in chosen.items()]

    return Engine(
        ZImageBackend(located, device=settings.device),
        LateScorer(settings, nano_folder),
        queue_limit=settings.queue_limit,
        batch_width=settings.batch_width,
    )


def warm_up_jobs(settings: CoreSettings) -> list[RenderJob]:
    """Return one job per variant, at the size that most jobs will have."""
    colours = [ClaimOption(value=colour, texts=(f"a {colour} mug",)) for colour in ("red", "blue")]
    claim = Claim(kind="colour", truth=colours[0], distractors=(colours[1],))
    return [
        RenderJob(prompt="a red mug", claims=(claim,), preset=preset, seed=0, spec="warm_up")
        for preset in presets(profile_of(settings)).values()
    ]


class LateScorer:
    """A scorer that loads CLIP when first asked: in the engine's thread, after the port is open."""

    def __init__(self, settings: CoreSettings, nano_folder: Path) -> None:
        """Load what `settings.clip` names."""
        self._settings = settings
        self._nano_folder = nano_folder
        self._scorer: Scorer | None = None

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        """Return the Scores of `picture`; raise WeightsInvalid when CLIP cannot be loaded."""
        if self._scorer is None:
            from zimage_core.backends.zimage import device_of
            from zimage_core.scoring import build_scorer

            self._scorer = build_scorer(
                self._settings.clip, self._nano_folder, device_of(self._settings.device)
            )
        return self._scorer.score(picture, claims)


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises SettingsInvalid naming the address."""
    try:
        return socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        raise SettingsInvalid(
            f"The core cannot listen on {host}:{port}: {error.strerror}; choose another port."
        ) from error


class CoreServer(uvicorn.Server):
    """A uvicorn server that answers waiting jobs at once when it is told to stop."""

    def __init__(self, config: uvicorn.Config, runner: EngineThread) -> None:
        """Stop `runner` when the process is told to stop."""
        super().__init__(config)
        self._runner = runner

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """Begin to stop; called by the signal, which is not raised again, so the process exits with 0."""
        # The signal may have interrupted this very thread while it held the queue's lock.
        threading.Thread(target=self._runner.stop, name="stopper", daemon=True).start()
        self.should_exit = True


def serve_engine(
    engine: Engine,
    listener: socket.socket,
    announce: Callable[[str], None],
    warm_up: Sequence[RenderJob] = (),
) -> None:
    """Load `engine` in a thread of its own and serve it on `listener` until SIGTERM or Ctrl-C.

    Raises what loading ended with.
    """
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        create_app(engine),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        lifespan="off",
    )
    failures: list[AssetError] = []

    def ready() -> None:
        announce(f"core ready on http://{host}:{port}")

    def fail(error: AssetError) -> None:
        failures.append(error)
        server.should_exit = True

    runner = EngineThread(engine, warm_up=warm_up, on_ready=ready, on_failure=fail)
    server = CoreServer(config, runner)
    runner.start()
    try:
        server.run(sockets=[listener])
    finally:
        runner.stop()
    if failures:
        raise failures[0]


def leave() -> NoReturn:
    """End the process with 0 at once: taking torch's modules apart first would take seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
