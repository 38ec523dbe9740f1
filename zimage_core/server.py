"""The core as a process: wires settings, weights, scorer, engine and HTTP together."""

import importlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from schemas import AssetError, Claim, ClaimOption, RenderJob, Scores, Variant
from schemas.settings import CoreSettings
from zimage_core.engine import Engine
from zimage_core.errors import CoreBroke
from zimage_core.limits import limits_of, memory_mode_of
from zimage_core.listening import bind, refuse_open_door, url_of
from zimage_core.metrics import Instruments
from zimage_core.ports import CompanyScorer, Picture
from zimage_core.presets import presets, profile_of
from zimage_core.runner import HANG_LIMIT_S, EngineThread
from zimage_core.service import create_app
from zimage_core.service.protocol import BoundedProtocol
from zimage_core.supervision import excused
from zimage_core.weights import VariantWeights, locate

DRAIN_S = 25.0
"""Seconds that jobs under way get to finish after SIGTERM; with SHUTDOWN_S below the usual grace of 30."""

SHUTDOWN_S = 2
"""Seconds that open connections get to take their last answer after that."""

MODEL_MODULES = ("zimage_core.backends.zimage", "zimage_core.scoring.clip")
"""They import torch, diffusers, transformers and open_clip."""

FINISHERS = 2
"""Threads that score and encode, so that the device does not wait for either."""


def serve(
    settings: CoreSettings,
    nano_folder: Path,
    *,
    listener: socket.socket | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; `nano_folder` holds the bundled weights.

    Takes `listener`, or binds what `settings` name before the weights are loaded. `announce` gets the one
    line `core ready on http://HOST:PORT` when a job would be taken (standard output when None). Raises
    SettingsInvalid when the address cannot be bound or is open without API keys, WeightsInvalid when the
    weights cannot be loaded, CoreBroke when the engine failed later. A process that did nothing else calls
    `leave` afterwards.
    """
    refuse_open_door(settings)
    with listener or bind(settings.host, settings.port) as door:
        with excused(door):
            engine = build_engine(settings, nano_folder)
        serve_engine(
            engine,
            door,
            announce or _print_line,
            warm_up_jobs(settings),
            settings,
            hang_limit_s=settings.hang_limit_s,
        )


def build_engine(settings: CoreSettings, nano_folder: Path) -> Engine:
    """Return the engine that `settings` describe, with nothing loaded yet."""
    from zimage_core.backends.acceleration import Acceleration, Mode
    from zimage_core.backends.zimage import ZImageBackend

    chosen = {Variant.TURBO: settings.turbo, Variant.BASE: settings.base}

    def located() -> list[VariantWeights]:
        return [locate(variant, setting, nano_folder) for variant, setting in chosen.items()]

    return Engine(
        ZImageBackend(
            located,
            device=settings.device,
            adapters=settings.adapters,
            memory=memory_mode_of(settings),
            acceleration=Acceleration(Mode(settings.acceleration), settings.attention, settings.fp8),
        ),
        LateScorer(settings, nano_folder),
        queue_limit=settings.queue_limit,
        batch_width=settings.batch_width,
        limits=limits_of(settings),
        finishers=FINISHERS,
        observer=Instruments(),
    )


def import_models() -> None:
    """Import what the models need, by far the longest part of a start; touch no device."""
    for name in MODEL_MODULES:
        importlib.import_module(name)


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
        """Load what `settings` name."""
        self._settings = settings
        self._nano_folder = nano_folder
        self._scorer: CompanyScorer | None = None

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        """Return the Scores of `picture`; raise WeightsInvalid when CLIP cannot be loaded."""
        return self._loaded().score(picture, claims)

    def score_many(self, pictures: Sequence[Picture], claims: Sequence[tuple[Claim, ...]]) -> list[Scores]:
        """Return the Scores of each picture, from one forward pass."""
        return self._loaded().score_many(pictures, claims)

    def _loaded(self) -> CompanyScorer:
        if self._scorer is None:
            from zimage_core.backends.zimage import device_of
            from zimage_core.scoring import scorer_for

            self._scorer = scorer_for(self._settings, self._nano_folder, device_of(self._settings.device))
        return self._scorer


class CoreServer(uvicorn.Server):
    """A uvicorn server that lets the jobs under way finish when it is told to stop."""

    def __init__(self, config: uvicorn.Config, runner: EngineThread) -> None:
        """Drain `runner` when the process is told to stop."""
        super().__init__(config)
        self._runner = runner
        self.leaving = False

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """Begin to stop, or stop at once when told a second time.

        Called by the signal, which is not raised again, so the process exits with 0.
        """
        if self.leaving:
            self.should_exit = True
            return
        self.leaving = True
        # The signal may have interrupted this very thread while it held the queue's lock.
        threading.Thread(target=self._drain, name="drain", daemon=True).start()

    def _drain(self) -> None:
        """Answer from now on that the core is not ready, wait for the jobs under way, then stop serving."""
        self._runner.drain(DRAIN_S)
        self.should_exit = True


def serve_engine(
    engine: Engine,
    listener: socket.socket,
    announce: Callable[[str], None],
    warm_up: Sequence[RenderJob] = (),
    settings: CoreSettings | None = None,
    hang_limit_s: float = HANG_LIMIT_S,
) -> None:
    """Load `engine` in a thread of its own and serve it on `listener` until SIGTERM or Ctrl-C.

    Raises what loading ended with, or CoreBroke for what ended the engine after it was ready.
    """
    settings = settings or CoreSettings()
    config = uvicorn.Config(
        create_app(engine, settings),
        http=BoundedProtocol,
        ws="none",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        lifespan="off",
    )
    failures: list[AssetError] = []
    was_ready = threading.Event()

    def ready() -> None:
        was_ready.set()
        announce(f"core ready on {url_of(listener)}")

    def fail(error: AssetError) -> None:
        failures.append(CoreBroke(error.message) if was_ready.is_set() else error)
        server.should_exit = True

    runner = EngineThread(engine, warm_up=warm_up, on_ready=ready, on_failure=fail, hang_limit_s=hang_limit_s)
    server = CoreServer(config, runner)
    runner.start()
    try:
        server.run(sockets=[listener])
    finally:
        runner.stop()
    # Loading that was broken off because the process was told to leave is no failure.
    if failures and not server.leaving:
        raise failures[0]


def leave(code: int = 0, sentence: str = "") -> NoReturn:
    """End the process at once, saying why: taking torch's modules apart first would take seconds."""
    if sentence:
        sys.stderr.write(f"packshot: {sentence}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
