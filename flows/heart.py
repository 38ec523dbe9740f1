"""The heartbeat: one thread that renews the leases of everything this process has in hand."""

import threading
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from catalog import HEARTBEAT_S, Campaign, Catalog, CatalogError, Lease, LeaseLost

STATE_EVERY_S = 1.0
"""How often the campaign's state is read; a pause takes hold within this and the picture in the making."""


class Heart:
    """Holds the leases of one flow run; a shot whose lease was lost is somebody else's from then on."""

    def __init__(
        self,
        catalog: Catalog,
        campaign: Campaign,
        beat_s: float = HEARTBEAT_S,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        """Look after leases of `campaign`, renewed every `beat_s`; use it as a context.

        `tell` is called about every second, for whoever else wants to know that this run lives.
        """
        self._tell = tell
        self._catalog, self._campaign, self._beat_s = catalog, campaign.name, beat_s
        self._leases: dict[str, Lease] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.lost = 0
        """Leases that were lost so far."""
        self.state = campaign.state
        """The campaign's state as it was read last."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        with self._lock:
            rest = tuple(self._leases.values())
        if rest:
            self._catalog.release(rest)

    def keep(self, leases: Iterable[Lease]) -> None:
        """Renew these from now on."""
        with self._lock:
            self._leases.update({lease.shot_id: lease for lease in leases})

    def held(self, shot_id: str) -> Lease:
        """Return the lease of a shot; raises LeaseLost when it is no longer ours."""
        with self._lock:
            lease = self._leases.get(shot_id)
        if lease is None:
            raise LeaseLost(f"The lease of the shot {shot_id} was lost.", shots=[shot_id])
        return lease

    def release(self, shot_ids: Sequence[str], delay_s: float = 0.0) -> None:
        """Hand shots back, due again after `delay_s` where they are unfinished; lost ones are fine."""
        with self._lock:
            ours = [self._leases.pop(shot_id) for shot_id in shot_ids if shot_id in self._leases]
        if ours:
            self._catalog.release(ours, delay_s)

    def charge(self, shot_id: str, why: str) -> bool:
        """Charge a shot for the death of what computed it, and hand it back; say whether that killed it."""
        with self._lock:
            lease = self._leases.pop(shot_id, None)
        return lease is not None and shot_id in self._catalog.charge((lease,), why)

    def forget(self, shot_ids: Iterable[str]) -> None:
        """Count leases as lost that the catalog refused; whoever holds them now goes on."""
        with self._lock:
            self.lost += sum(self._leases.pop(shot_id, None) is not None for shot_id in shot_ids)

    def _run(self) -> None:
        waited = 0.0
        while not self._over.wait(min(STATE_EVERY_S, self._beat_s)):
            waited += min(STATE_EVERY_S, self._beat_s)
            self._tell()
            try:
                self.state = self._catalog.campaign(self._campaign).state
                if waited >= self._beat_s:
                    waited = 0.0
                    self._renew()
            except CatalogError:
                # A database that is away for a moment loses nothing: leases outlast three beats.
                continue

    def _renew(self) -> None:
        with self._lock:
            ours = tuple(self._leases.values())
        if not ours:
            return
        try:
            self._catalog.renew(ours)
        except LeaseLost as error:
            self.forget(error.context.get("shots", ()))
