"""What a key may be narrowed to: reading only, and parts of the API."""

from collections.abc import Collection, Iterable

from fastapi import Request
from starlette.routing import BaseRoute

from studio.errors import ScopeMissing, StudioError
from studio.gate import SAFE_METHODS

READ = "read"
"""The scope that lets a key change nothing."""

PAGES = "pages"
"""The area of all that is made for people to look at."""

_OUTSIDE_API = {"pictures": "pictures", "thumbnails": "pictures"}


class ScopeUnknown(StudioError):
    """There is no such scope."""


def area_of(request: Request) -> str:
    """Return the area that a request's route belongs to: the first part of its path below /api."""
    return area_of_path(request.scope["path"])


def area_of_path(path: str) -> str:
    """Return the area of a path."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 1:
        return parts[1]
    return _OUTSIDE_API.get(parts[0], PAGES)


def refuse_beyond(scopes: Collection[str], method: str, area: str) -> None:
    """Raise ScopeMissing unless a key with `scopes` may do this; without scopes its role alone decides."""
    if READ in scopes and method not in SAFE_METHODS:
        raise ScopeMissing("This key may only read.")
    areas = set(scopes) - {READ}
    if areas and area not in areas:
        raise ScopeMissing(f"This key may use {', '.join(sorted(areas))} only.")


def scopes_of(routes: Iterable[BaseRoute]) -> tuple[str, ...]:
    """List the scopes that there are: `read`, and each area of the API."""
    paths = [str(getattr(route, "path", "")) for route in routes]
    areas = {area_of_path(path) for path in paths if path.startswith(("/api/", "/pictures/"))}
    return (READ, *sorted(areas))


def refuse_unknown(scopes: Collection[str], known: Collection[str]) -> None:
    """Raise ScopeUnknown when one of `scopes` is none."""
    strange = sorted(set(scopes) - set(known))
    if strange:
        raise ScopeUnknown(f"There is no scope {strange[0][:40]!r}: {', '.join(known)} would do.")
