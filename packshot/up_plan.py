"""The processes of `packshot up`: which there are, where they listen, and how their health shows."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packshot.crew import Service
from packshot.prechecks import Door, free_port
from packshot.prefect_home import private_environment
from packshot.probes import answers
from packshot.worker_commands import RUNNER_READY
from schemas import Settings
from zimage_core.main import STANDING_BY

LOOPBACK = "127.0.0.1"

CALIBRATION_FILE = "calibration.toml"
"""What the flow `calibrate` writes into the workspace; the core uses it from its next start."""


@dataclass(frozen=True)
class Ports:
    """Where the three servers listen; 0 was replaced by a free one."""

    studio: int
    prefect: int
    core: int

    @classmethod
    def chosen(cls, settings: Settings, studio: int | None, prefect: int, core: int | None) -> "Ports":
        """Take what was asked for, else what the settings say, and a free one for 0."""
        first = settings.studio.port if studio is None else studio
        third = settings.core.port if core is None else core
        return cls(*(port or free_port(LOOPBACK) for port in (first, prefect, third)))


@dataclass(frozen=True)
class Plan:
    """What `up` starts in one workspace."""

    workspace: Path
    settings: Settings
    ports: Ports

    @property
    def own_core(self) -> bool:
        """Whether a core is started here, because the settings name none."""
        return self.settings.core.url is None

    @property
    def core_url(self) -> str:
        """Where the core is."""
        return self.settings.core.url or _url(self.settings.core.host, self.ports.core)

    @property
    def prefect_url(self) -> str:
        """Where Prefect's pages are; its API is below /api."""
        return _url(LOOPBACK, self.ports.prefect)

    @property
    def studio_url(self) -> str:
        """Where people go."""
        return _url(self.settings.studio.host, self.ports.studio)

    @property
    def addresses(self) -> dict[str, str]:
        """The three addresses that a person wants to know."""
        return {
            "Studio": self.studio_url,
            "Prefect": self.prefect_url,
            "Core API": f"{self.core_url}/openapi.json",
        }

    @property
    def doors(self) -> list[Door]:
        """Everything that is going to be listened on."""
        found = [
            Door("the studio", self.settings.studio.host, self.ports.studio, "--studio-port"),
            Door("Prefect", LOOPBACK, self.ports.prefect, "--prefect-port"),
        ]
        if self.own_core:
            found.append(Door("the core", self.settings.core.host, self.ports.core, "--core-port"))
        return found

    @property
    def services(self) -> list[Service]:
        """The processes, the slowest to start first."""
        environment = private_environment(self.workspace, self.ports.prefect, self._told)
        out = ("--out", str(self.workspace))
        found = [
            Service(
                "prefect",
                _module("flows.prefect_server"),
                environment,
                healthy=answers(f"{self.prefect_url}/api/health"),
                round=1,
            ),
            Service("flows", _packshot("worker", *out), environment, ready_event=RUNNER_READY),
            Service(
                "studio",
                _packshot("studio", *out, "--port", str(self.ports.studio)),
                environment,
                healthy=answers(f"{self.studio_url}/healthz"),
            ),
        ]
        if self.own_core:
            command = _packshot("core", "serve", "--in-turn", "--port", str(self.ports.core))
            ready = answers(f"{self.core_url}/health/ready")
            found.insert(0, Service("core", command, environment, healthy=ready, round=1))
            # Importing torch takes far longer than the rest of a start, so a second core has done it already.
            spare = Service("spare", command, environment, ready_event=STANDING_BY, round=1, after="core")
            found.append(spare)
        return found

    @property
    def _told(self) -> Mapping[str, str]:
        pages = {"PACKSHOT_STUDIO__PREFECT_URL": f"{self.prefect_url}/api"}
        learnt = self.workspace / CALIBRATION_FILE
        taught = (
            {"PACKSHOT_CORE__CALIBRATION": str(learnt)}
            if self.settings.core.calibration is None and learnt.is_file()
            else {}
        )
        return {"PACKSHOT_CORE__URL": self.core_url, "PACKSHOT_LOGS__STEPS": "json", **pages, **taught}


def _packshot(*words: str) -> tuple[str, ...]:
    return _module("packshot", *words)


def _module(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *words)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
