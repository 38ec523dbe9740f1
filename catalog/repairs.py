"""Repairs: each kind of finding put right by making again, queueing again or removing what nothing names.

Nothing is deleted but files that no row names; what cannot be made again stays reported.
"""

from typing import assert_never

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from catalog.card_checks import renew_card
from catalog.columns import moment
from catalog.engines import Database
from catalog.events import EventType
from catalog.findings import Finding, FindingKind
from catalog.insertion import insert_missing
from catalog.journal import HeldShot, Journal
from catalog.masters import forget, withdraw
from catalog.outbox_rows import DeliveryRow
from catalog.row_checks import due_events
from catalog.rows import AttemptRow, LossRow, MasterRow, RenditionRow
from catalog.shelves import Shelf
from catalog.shots import held, held_one
from catalog.states import ShotState
from catalog.store import AssetStore

BY = "fsck"
"""Who the audit trail names for repairs."""


class Repairs:
    """Puts findings right, each in a transaction of its own; safe to run beside workers."""

    def __init__(self, database: Database, store: AssetStore, exports: Shelf | None) -> None:
        self._database = database
        self._store = store
        self._exports = exports

    def put_right(self, finding: Finding) -> Finding:
        """Repair what was found; return it marked as repaired, or as it is when nobody but a person can."""
        done = self._repaired(finding)
        return finding.model_copy(update={"repaired": done})

    def _repaired(self, finding: Finding) -> bool:
        kind, subject = finding.kind, finding.subject
        match kind:
            case FindingKind.PICTURE_MISSING | FindingKind.PICTURE_TRUNCATED | FindingKind.PICTURE_DAMAGED:
                self._lose(subject, finding.sentence)
            case FindingKind.PICTURE_ORPHANED:
                return self._remove_orphan(subject)
            case FindingKind.TEMPORARY_LEFT:
                self._remove_temporary(subject)
            case FindingKind.EXPORT_MISSING | FindingKind.EXPORT_DAMAGED:
                with self._database.writing() as session:
                    session.execute(delete(RenditionRow).where(RenditionRow.id == subject))
            case FindingKind.MASTER_MISSING | FindingKind.MASTER_UNFOUNDED:
                self._queue_again(subject, finding.sentence)
            case FindingKind.EVENT_MISSING:
                return self._tell(subject)
            case FindingKind.END_MISSING | FindingKind.LEASE_UNFOUNDED | FindingKind.CARD_STALE:
                settle = {
                    FindingKind.END_MISSING: self._end,
                    FindingKind.LEASE_UNFOUNDED: self._end_lease,
                    FindingKind.CARD_STALE: self._renew_card,
                }
                settle[kind](subject)
            case (
                FindingKind.STRANGER
                | FindingKind.EVENT_UNFOUNDED
                | FindingKind.AUDIT_BROKEN
                | FindingKind.DATABASE_DAMAGED
            ):
                return False
            case _:
                assert_never(kind)
        return True

    def _lose(self, sha: str, why: str) -> None:
        # Removed before it is noted, so that a crash between leaves a picture that is missing, not a bad one.
        self._store.remove(sha)
        with self._database.writing() as session:
            insert_missing(session, LossRow, [{"picture": sha, "why": why}])
            concerned = select(AttemptRow.shot_id).where(AttemptRow.picture == sha)
            shots = held(session, set(session.scalars(concerned)))
            journal = Journal(session)
            for shot in shots.values():
                if _relies_on(session, shot, sha):
                    withdraw(session, journal, shot, BY, "queue again", why)
            journal.close()

    def _remove_orphan(self, sha: str) -> bool:
        with self._database.reading() as session:
            named = session.scalar(select(AttemptRow.id).where(AttemptRow.picture == sha).limit(1))
        if named is None:
            self._store.remove(sha)
        return named is None

    def _remove_temporary(self, key: str) -> None:
        in_exports, name = key.startswith("exports "), key.removeprefix("exports ")
        shelf = self._exports if in_exports and self._exports else self._store.shelf
        shelf.remove(name)

    def _queue_again(self, shot_id: str, why: str) -> None:
        with self._database.writing() as session:
            shot = held_one(session, shot_id)
            journal = Journal(session)
            if shot.row.state is ShotState.ACCEPTED:
                withdraw(session, journal, shot, BY, "queue again", why)
            else:
                forget(session, shot_id)
                journal.touch([shot_id])
            journal.close()

    def _tell(self, event: str) -> bool:
        with self._database.writing() as session:
            due = due_events(session).get(event)
            if due is None:
                return False
            journal = Journal(session)
            if due.kind is EventType.CAMPAIGN_FINISHED:
                journal.tell_end(due.subject, int(due.revision))
            else:
                facts = {name: value for name, value in due.facts.items() if name != "state"}
                journal.tell_of(due.kind, held_one(session, due.subject), due.revision, **facts)
            journal.close()
        return True

    def _end(self, campaign: str) -> None:
        with self._database.writing() as session:
            journal = Journal(session)
            journal.look_for_end(campaign)
            journal.close()

    def _renew_card(self, shot_id: str) -> None:
        with self._database.writing() as session:
            held_one(session, shot_id)
            renew_card(session, shot_id)

    def _end_lease(self, subject: str) -> None:
        with self._database.writing() as session:
            now = moment(session)
            for shot in held(session, [subject]).values():
                shot.row.owner = None
                shot.row.not_before = now
            free = update(DeliveryRow).where(DeliveryRow.id == subject)
            session.execute(free.values(owner=None, not_before=now))


def _relies_on(session: Session, shot: HeldShot, sha: str) -> bool:
    """Say whether a shot's standing rests on a picture: as its master, or as what a person is to look at."""
    row = shot.row
    if row.state is ShotState.ACCEPTED:
        chosen = select(MasterRow.shot_id).where(MasterRow.shot_id == row.id, MasterRow.picture == sha)
        return session.scalar(chosen) is not None
    if row.state is ShotState.NEEDS_REVIEW:
        last = select(func.max(AttemptRow.number)).where(AttemptRow.shot_id == row.id).scalar_subquery()
        chosen = select(AttemptRow.shot_id).where(
            AttemptRow.shot_id == row.id, AttemptRow.picture == sha, AttemptRow.number == last
        )
        return session.scalar(chosen) is not None
    return False
