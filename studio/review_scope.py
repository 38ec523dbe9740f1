"""What a reviewer looks at: everything that waits, or one campaign's, or one lot's."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query


@dataclass(frozen=True)
class Scope:
    """The campaign or lot that pictures are taken from; None takes from all."""

    campaign: str | None
    lot: str | None

    def address(self, path: str = "/review", **more: str) -> str:
        """Return the address of a review page for this scope."""
        parts = {"campaign": self.campaign, "lot": self.lot, **more}
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"{path}?{query}" if query else path


def scope_of(
    campaign: Annotated[str | None, Query(max_length=100)] = None,
    lot: Annotated[str | None, Query(max_length=100)] = None,
) -> Scope:
    """Read the scope from a page's address; empty is none."""
    return Scope(campaign or None, lot or None)
