"""Everything that `packshot doctor` looks at, one check after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packshot.findings import Finding, Level
from packshot.machine_checks import devices, sqlite_version, versions, weights
from packshot.place_checks import database, disk, folder, fonts, server, store
from schemas import AssetError, Settings


@dataclass(frozen=True)
class Checkup:
    """Everything that is looked at, for one workspace and the settings of this process."""

    settings: Settings
    workspace: Path
    prefect_url: str | None
    """Prefect's API, with /api."""

    def findings(self) -> Iterator[Finding]:
        """Yield what each check found; one that breaks is bad and stops no other."""
        for name, check in self._checks():
            try:
                yield from check()
            except AssetError as error:
                yield Finding(check=name, level=Level.BAD, says=error.message)
            except Exception as error:  # noqa: BLE001 - a doctor that breaks helps nobody
                said = f"It could not be looked at: {type(error).__name__}: {error}."
                yield Finding(check=name, level=Level.BAD, says=said)

    def _checks(self) -> Sequence[tuple[str, Callable[[], Iterator[Finding]]]]:
        return (
            ("python", versions),
            ("sqlite", sqlite_version),
            ("device", lambda: devices(self.settings)),
            ("weights", lambda: weights(self.settings)),
            ("workspace", lambda: folder(self.workspace)),
            ("disk", lambda: disk(self.workspace)),
            ("catalog", lambda: database(self.settings, self.workspace)),
            ("store", lambda: store(self.settings, self.workspace)),
            ("fonts", lambda: fonts(self.settings)),
            ("core", lambda: server("core", self.settings.core.url, "/health/ready", "PACKSHOT_CORE__URL")),
            ("prefect", lambda: server("prefect", self.prefect_url, "/health", "PREFECT_API_URL")),
        )
