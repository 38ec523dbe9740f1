"""Checks that bring a network of their own. Each is an optional install, off unless a setting names it."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from schemas import Claim, SettingsInvalid
from zimage_core.errors import WeightsInvalid
from zimage_core.scoring.views import Pixels


class Extra(Protocol):
    """One more check, or several, of a picture."""

    @property
    def name(self) -> str:
        """What the setting calls it."""
        ...

    def measure(self, picture: Pixels, claims: tuple[Claim, ...]) -> dict[str, float]:
        """Return finite numbers by the checks' names, for an H x W x 3 picture."""
        ...


def _lettering() -> Extra:
    from zimage_core.scoring.lettering import Lettering

    return Lettering()


def _safety() -> Extra:
    from zimage_core.scoring.safety import Safety

    return Safety()


def _cutout() -> Extra:
    from zimage_core.scoring.cutout import Cutout

    return Cutout()


EXTRAS: Mapping[str, Callable[[], Extra]] = MappingProxyType(
    {"ocr": _lettering, "safety": _safety, "cutout": _cutout}
)
"""Every extra by the name that the setting gives it."""


def extras_of(names: Sequence[str]) -> tuple[Extra, ...]:
    """Build the extras that are named; raise SettingsInvalid for another name, WeightsInvalid without one."""
    for name in names:
        if name not in EXTRAS:
            raise SettingsInvalid(f"There is no extra check {name!r}; there are: {', '.join(EXTRAS)}.")
    return tuple(EXTRAS[name]() for name in sorted(set(names)))


def needed(module: str, check: str, package: str) -> Any:
    """Import an optional library; raise WeightsInvalid saying what to install for which check."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise WeightsInvalid(
            f"The check {check!r} needs the package {package}; install packshot[checks]."
        ) from error
