"""Which models stay on the device: a budget, least recently used out first. Decides; reads no clock."""

from collections.abc import Container
from dataclasses import dataclass

from zimage_core.errors import OutOfMemory


@dataclass
class Held:
    """A model on the device."""

    size: int
    used: float
    """Clock reading of its last use."""


class Residency:
    """The models that are held, those that must be, and what must go for another."""

    def __init__(self, budget: int | None = None, idle_s: float | None = None) -> None:
        """Hold `budget` bytes at most (no bound when None); call models unused for `idle_s` idle."""
        self.budget = budget
        self.idle_s = idle_s
        self.held: dict[str, Held] = {}
        self.pinned: set[str] = set()

    def arrive(self, name: str, size: int, now: float) -> None:
        """Note that a model is on the device."""
        self.held[name] = Held(size, now)

    def leave(self, name: str) -> None:
        """Note that a model, and with a variant its adapters, are gone."""
        for one in self.with_adapters(name):
            self.held.pop(one, None)

    def touch(self, name: str, now: float) -> None:
        """Note a use of a model; an adapter's use is its variant's too."""
        for one in {name, variant_of(name)} & self.held.keys():
            self.held[one].used = now

    def with_adapters(self, name: str) -> list[str]:
        """Return `name` and, of a variant, the adapters held on it, which go first."""
        return [one for one in self.held if one != name and variant_of(one) == name] + [name]

    def cleared_for(self, name: str, size: int) -> list[str]:
        """Return the models to drop so that `size` more bytes fit; raise OutOfMemory when they cannot.

        A pinned model stays, and so do the variant under `name` and a variant under a pinned adapter.
        """
        if self.budget is None:
            return []
        known = self.held.get(name)
        free = self.budget - sum(one.size for one in self.held.values()) + (known.size if known else 0)
        dropped: list[str] = []
        for candidate in sorted(self.movable(name), key=self._last_use):
            if free >= size:
                break
            for one in self.with_adapters(candidate):
                if one not in dropped:
                    dropped.append(one)
                    free += self.held[one].size
        if free < size:
            raise OutOfMemory(
                f"{name} needs {size / 1e9:.2f} GB on the device, and {max(free, 0) / 1e9:.2f} GB can be "
                "made free; raise the memory setting or unpin a model.",
                model=name,
            )
        return dropped

    def idle(self, now: float, busy: Container[str]) -> list[str]:
        """Return the models that nobody used for too long, `busy` and pinned ones left out."""
        if self.idle_s is None:
            return []
        late = [name for name in self._movable(set()) if now - self.held[name].used >= self.idle_s]
        return [name for name in late if name not in busy]

    def movable(self, name: str) -> list[str]:
        """Return the models that may go for the sake of `name`."""
        return self._movable({name, variant_of(name)})

    def _movable(self, kept: set[str]) -> list[str]:
        needed = kept | self.pinned | {variant_of(name) for name in self.pinned}
        return [name for name in self.held if name not in needed]

    def _last_use(self, name: str) -> float:
        return self.held[name].used


def variant_of(name: str) -> str:
    """Return the variant of a model's name: `turbo` of `turbo+ADAPTER` and of `turbo`."""
    return name.partition("+")[0]
