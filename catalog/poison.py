"""The poison rule: a shot that ends whoever computes it is found out, and its neighbours are spared.

Attempts and lost leases say little: when machines are killed at random, healthy shots are interrupted dozens
of times. So a death is charged to the shots whose end somebody saw (`charge`), and to a shot that was lost
while it was computed alone. A shot with two charges, or whose last five leases were all lost, is a suspect:
it is handed out by itself. A suspect that is charged a third time died alone, and is given up.
"""

from catalog.events import EventType
from catalog.journal import HeldShot, Journal
from catalog.rows import ShotRow
from catalog.states import ShotState

SUSPECT_AT = 2
"""Charges after which a shot is computed alone."""

DEAD_AT = 3
"""Charges after which it is given up."""

LOST_AT = 5
"""Leases lost in a row, with nothing recorded between, after which it is computed alone."""


def suspected(row: ShotRow) -> bool:
    """Say whether a shot is to be computed alone."""
    return row.charged_crashes >= SUSPECT_AT or row.lost_leases >= LOST_AT


def charge(shot: HeldShot, journal: Journal, why: str) -> None:
    """Charge a locked shot with a death, and give it up when that was its third."""
    row = shot.row
    row.charged_crashes += 1
    if row.charged_crashes >= DEAD_AT:
        facts = {"why": why, "crashes": row.charged_crashes, "fence": row.fence}
        journal.move(shot, ShotState.DEAD, "catalog", "give up", **facts)
        journal.tell_of(EventType.SHOT_DEAD, shot, row.fence, **facts)


def count_lost_lease(shot: HeldShot, journal: Journal) -> None:
    """Count a lease that ran out; when the shot was being computed alone, that death is its own."""
    alone = suspected(shot.row)
    shot.row.lost_leases += 1
    shot.row.owner = None
    if alone:
        charge(shot, journal, "it was lost while it was computed alone")
