"""The same service on several GPUs under Ray Serve: replicas, autoscaling, draining are Ray's.

`serve run zimage_core.service.ray_app:application most=4` starts it with the environment's settings. Each
replica is one engine on one device with the whole service in front of it. A replica that hangs or dies is
replaced by Ray; the requests it had are answered 500 or 503 by Ray's proxy, which CoreClient reads as
CoreUnavailable: sent again they are rendered elsewhere, to the same bytes.
"""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import Field
from ray import serve

from schemas import AssetError, RenderJob, Schema, settings_from
from schemas.settings import CoreSettings
from zimage_core.engine import Engine
from zimage_core.errors import CoreBroke
from zimage_core.ports import EngineState
from zimage_core.runner import EngineThread
from zimage_core.service import create_app

NANO_WEIGHTS = Path(__file__).resolve().parents[2] / "nano" / "weights"

BROKEN = frozenset({EngineState.HUNG, EngineState.STOPPED})

MakeEngine = Callable[[CoreSettings], tuple[Engine, Sequence[RenderJob]]]
"""Returns an engine with nothing loaded yet, and the jobs to warm it up with."""


class ClusterOptions(Schema):
    """How many replicas there are, and what each of them takes."""

    least: int = Field(default=1, ge=1)
    most: int = Field(default=1, ge=1)
    ongoing: float = Field(default=16.0, gt=0)
    """Requests under way per replica that Ray scales towards; two to four batches keep a device busy."""
    gpus: float = Field(default=1.0, ge=0)
    """0 for replicas on the CPU."""
    cpus: float = Field(default=2.0, ge=0)
    drain_s: float = Field(default=30.0, gt=0)
    """Seconds that a replica which is taken away gets to answer what it has."""


class CoreReplica:
    """One engine and its thread; Ray hands it the requests of its service."""

    def __init__(self, make_engine: MakeEngine, settings: CoreSettings) -> None:
        """Load the engine; raise what loading ended with, and Ray tries elsewhere."""
        self._settings = settings
        self._failure: AssetError | None = None
        settled = threading.Event()

        def fail(error: AssetError) -> None:
            self._failure = error
            settled.set()

        self._engine, warm_up = make_engine(settings)
        runner = EngineThread(
            self._engine,
            warm_up=warm_up,
            on_ready=settled.set,
            on_failure=fail,
            hang_limit_s=settings.hang_limit_s,
        )
        runner.start()
        settled.wait()
        if self._failure is not None:
            raise self._failure

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Return the service; Ray calls this in the replica."""
        return create_app(self._engine, self._settings)

    def check_health(self) -> None:
        """Raise when the engine cannot go on, so that Ray replaces the replica."""
        if self._failure is not None or self._engine.health().state in BROKEN:
            raise CoreBroke


def cluster(make_engine: MakeEngine, settings: CoreSettings, options: ClusterOptions) -> Any:
    """Return the Ray Serve application of replicas whose engines `make_engine` makes.

    Requests beyond what the replicas take wait in Ray's proxy only as long as one replica's queue; then Ray
    answers 503.
    """
    deployment = serve.deployment(
        name="core",
        ray_actor_options={"num_gpus": options.gpus, "num_cpus": options.cpus},
        max_ongoing_requests=2 * settings.queue_limit,
        max_queued_requests=settings.queue_limit,
        autoscaling_config={
            "min_replicas": options.least,
            "max_replicas": max(options.least, options.most),
            "target_ongoing_requests": options.ongoing,
        },
        graceful_shutdown_timeout_s=options.drain_s,
        health_check_period_s=5.0,
        health_check_timeout_s=10.0,
    )
    return deployment(serve.ingress()(CoreReplica)).bind(make_engine, settings)


def served_engine(settings: CoreSettings) -> tuple[Engine, Sequence[RenderJob]]:
    """Return the engine that `settings` describe, and its warm-up."""
    from zimage_core.server import build_engine, warm_up_jobs

    return build_engine(settings, NANO_WEIGHTS), warm_up_jobs(settings)


def application(options: ClusterOptions) -> Any:
    """Return the application that `serve run` starts, with the settings of the environment."""
    return cluster(served_engine, settings_from(dict(os.environ)).core, options)
