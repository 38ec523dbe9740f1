"""What an address of the gallery asks for: filters and order, read from it and written into it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from pydantic import ValidationError

from catalog import ShotFilter, ShotSort

LONGEST = 200


@dataclass(frozen=True)
class GalleryQuery:
    """A filter and an order, as they stand in an address."""

    wanted: ShotFilter
    sort: ShotSort = ShotSort.NEWEST

    @property
    def given(self) -> dict[str, str]:
        """The filters that are set, by their names in the address."""
        return {
            name: str(value)
            for name, value in self.wanted.model_dump(mode="json").items()
            if value not in (None, "")
        }

    @property
    def text(self) -> str:
        """The query part of the address, in one spelling for the same list."""
        order = {} if self.sort is ShotSort.NEWEST else {"sort": self.sort.value}
        return urlencode({**self.given, **order})

    def address(self, path: str = "/gallery", **more: str) -> str:
        """Write the address of a page with this list; `more` is a place in it."""
        parts = [part for part in (self.text, urlencode(more)) if part]
        return f"{path}?{'&'.join(parts)}" if parts else path

    def without(self, name: str) -> "GalleryQuery":
        """Return the same without one filter."""
        left = {key: value for key, value in self.given.items() if key != name}
        return replace(self, wanted=ShotFilter.model_validate(left))


def query_of(params: Mapping[str, str]) -> GalleryQuery:
    """Read an address; what is no value of its filter is left out, for people mistype and links grow old."""
    found = {}
    for name in ShotFilter.model_fields:
        value = params.get(name, "").strip()[:LONGEST]
        if value and _is_value(name, value):
            found[name] = value
    sort = params.get("sort", "")
    known = ShotSort(sort) if sort in set(ShotSort) else ShotSort.NEWEST
    return GalleryQuery(ShotFilter.model_validate(found), known)


def _is_value(name: str, value: str) -> bool:
    try:
        ShotFilter.model_validate({name: value})
    except ValidationError:
        return False
    return True
