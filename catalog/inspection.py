"""The inspection (fsck): hold every row against every file and every other row, and put right what can be.

It is the oracle of every fault test, so it trusts nothing that it can look up.
"""

from pathlib import Path

from sqlalchemy import func, select

from catalog.card_checks import check_cards
from catalog.engines import Database
from catalog.file_checks import check_exports, check_pictures, wanted
from catalog.findings import Finding, Findings
from catalog.repairs import Repairs
from catalog.row_checks import check_rows
from catalog.rows import ShotRow
from catalog.store import AssetStore, shelf_at

GRACE_S = 24 * 3600.0
"""Younger files are left alone: they may belong to a record that is on its way."""


def inspect(
    database: Database,
    store: AssetStore,
    exports: Path | str | None,
    *,
    deep: bool,
    repair: bool,
    grace_s: float,
) -> Findings:
    """Look at everything once, then repair what was found if that is wanted; see `Catalog.fsck`."""
    shelf = None if exports is None else shelf_at(exports)
    with database.reading() as session:
        shots = session.scalar(select(func.count()).select_from(ShotRow)) or 0
        told = wanted(session)
        found = [*check_rows(session, deep=deep), *check_cards(session)]
    found += check_pictures(store, told, grace_s, deep=deep)
    if shelf is not None:
        found += check_exports(shelf, told, grace_s, deep=deep)
    if repair:
        found = _repaired(found, Repairs(database, store, shelf))
    return Findings(
        findings=tuple(found),
        shots=shots,
        pictures=len(told.pictures),
        files=len(told.renditions) if shelf is not None else 0,
        deep=deep,
    )


def _repaired(found: list[Finding], repairs: Repairs) -> list[Finding]:
    return [repairs.put_right(finding) for finding in found]
