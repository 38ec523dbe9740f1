"""Versions of the rule tables, those that were in force and those that are kept besides."""

from datetime import datetime

from catalog import Catalog
from schemas import Schema
from studio.tables_in_force import packaged_tables


class Version(Schema):
    """Rule tables by their fingerprint; `by` and `why` are empty when nobody ever put them in force."""

    fingerprint: str
    at: datetime | None
    """When they came into force, else since when they are kept; None for packaged ones that nobody used."""
    by: str = ""
    why: str = ""
    current: bool = False
    packaged: bool = False


def versions_of(catalog: Catalog, current: str) -> tuple[Version, ...]:
    """List what came into force, newest first, then what else is kept; the packaged tables always count."""
    packaged = packaged_tables().fingerprint
    activations = catalog.activations()
    told = [
        Version(
            fingerprint=one.fingerprint,
            at=one.activated_at,
            by=one.by,
            why=one.why,
            current=place == 0 and one.fingerprint == current,
            packaged=one.fingerprint == packaged,
        )
        for place, one in enumerate(activations)
    ]
    known = {one.fingerprint for one in told}
    kept = {one.fingerprint: one.kept_at for one in catalog.kept_tables()}
    rest = [(one, kept.get(one)) for one in dict.fromkeys((current, packaged, *kept)) if one not in known]
    told += [
        Version(fingerprint=one, at=at, current=one == current, packaged=one == packaged) for one, at in rest
    ]
    return tuple(told)
