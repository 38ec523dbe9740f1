"""Every route of the studio with its policy: what the tests of the doors walk.

`python -m tests.studio.routes` writes policies.txt anew; look at the difference before committing it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.app import ROUTERS
from studio.gate import SAFE_METHODS
from studio.metrics_routes import Watching
from studio.visitors import Allow, Public

TABLE = Path(__file__).with_name("policies.txt")


@dataclass(frozen=True)
class KnownRoute:
    """One method of one path, and who may use it: `public`, `anybody` signed in, any `key`, or roles."""

    method: str
    path: str
    policy: str

    @property
    def changes(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def address(self) -> str:
        """The path with its parts filled in."""
        return re.sub(r"{[^}]+}", "1", self.path)

    def lets_in(self, role: str) -> bool:
        if self.policy in ("public", "anybody"):
            return True
        return role == "admin" or role in self.policy.split(",")

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.policy}"


def every_route() -> Iterator[KnownRoute]:
    for router in ROUTERS:
        for route in router.routes:
            for method in sorted(route.methods - {"HEAD"}):  # type: ignore[attr-defined]  # an APIRoute
                yield KnownRoute(method, route.path, policy_of(route))  # type: ignore[attr-defined]  # the same


def policy_of(route: Any) -> str:
    """Say who may use a route; raise LookupError for one that does not say it once."""
    said = [one.call for one in route.dependant.dependencies if isinstance(one.call, Allow | Public)]
    if len({type(call) for call in said}) != 1:
        raise LookupError(f"{route.path} declares {len(said)} policies; one Allow or Public would be right.")
    if isinstance(said[0], Watching):
        return "key"
    if isinstance(said[0], Public):
        return "public"
    roles = set.intersection(*({str(role) for role in call.roles} or {"anybody"} for call in said))
    return ",".join(sorted(roles))


def table() -> str:
    return "".join(
        f"{route}\n" for route in sorted(every_route(), key=lambda known: (known.path, known.method))
    )


if __name__ == "__main__":
    TABLE.write_text(table())
