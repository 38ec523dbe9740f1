"""Checks of rows against rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.orm import Session

from catalog import audit
from catalog.audit_rows import AuditRow
from catalog.columns import moment
from catalog.events import EventType, event_id
from catalog.findings import Finding, FindingKind
from catalog.leases import LEASE_S
from catalog.outbox_rows import DeliveryRow, EventRow
from catalog.rows import AttemptRow, CampaignRow, MasterRow, ShotRow
from catalog.states import CampaignState, DeliveryState, ShotState

_TOLD: dict[str, tuple[EventType | None, str]] = {
    ShotState.ACCEPTED: (EventType.SHOT_ACCEPTED, "attempt"),
    ShotState.NEEDS_REVIEW: (EventType.SHOT_NEEDS_REVIEW, "attempt"),
    ShotState.DEAD: (EventType.SHOT_DEAD, "fence"),
}
"""The states whose beginning is told, by which event, and the fact that tells one time from another."""

_SLACK_S = 5.0
"""A lease may be this much longer than leases are, for the time that passes between two statements."""


@dataclass(frozen=True)
class DueEvent:
    """An event that the audit trail says has to be in the outbox."""

    kind: EventType
    subject: str
    revision: str | int
    facts: dict[str, Any]


def check_rows(session: Session, *, deep: bool) -> Iterator[Finding]:
    """Yield what does not fit between the tables, and what the database says of itself."""
    yield from _database(session, deep=deep)
    yield from _masters(session)
    yield from _events(session)
    yield from _ends(session)
    yield from _leases(session)
    for subject, sentence in audit.broken(session):
        yield Finding(kind=FindingKind.AUDIT_BROKEN, subject=subject, sentence=sentence)


def due_events(session: Session) -> dict[str, DueEvent]:
    """Gather by id the events that have to be in the outbox, from the audit trail."""
    due = {}
    row = AuditRow
    for subject, action, told in session.execute(select(row.subject, row.action, row.after)):
        after = told or {}
        kind, fact = _TOLD.get(after.get("state", ""), (None, ""))
        if action == "finish":
            kind, fact = EventType.CAMPAIGN_FINISHED, "round"
        if kind is not None and fact in after:
            about = subject.removeprefix("campaign ")
            due[event_id(kind, about, after[fact])] = DueEvent(kind, about, after[fact], after)
    return due


def _database(session: Session, *, deep: bool) -> Iterator[Finding]:
    if session.get_bind().dialect.name != "sqlite":
        return
    check = "PRAGMA integrity_check" if deep else "PRAGMA quick_check"
    for (said,) in session.execute(text(check)).all():
        if said != "ok":
            yield Finding(
                kind=FindingKind.DATABASE_DAMAGED,
                subject="database",
                sentence=f"The database is damaged: {str(said)[:200]}; restore a backup.",
            )
    for table, row, *_ in session.execute(text("PRAGMA foreign_key_check")).all():
        yield Finding(
            kind=FindingKind.DATABASE_DAMAGED,
            subject=f"{table} {row}",
            sentence=f"Row {row} of {table} refers to nothing; restore a backup.",
        )


def _masters(session: Session) -> Iterator[Finding]:
    without = (
        select(ShotRow.id)
        .join(MasterRow, MasterRow.shot_id == ShotRow.id, isouter=True)
        .where(ShotRow.state == ShotState.ACCEPTED, MasterRow.shot_id.is_(None))
    )
    for shot_id in session.scalars(without):
        yield Finding(
            kind=FindingKind.MASTER_MISSING,
            subject=shot_id,
            sentence=f"The shot {shot_id} is accepted but has no master.",
        )
    odd = (
        select(MasterRow.shot_id)
        .join(ShotRow, ShotRow.id == MasterRow.shot_id)
        .join(AttemptRow, AttemptRow.id == MasterRow.attempt_id)
        .where(
            or_(
                ShotRow.state != ShotState.ACCEPTED,
                AttemptRow.shot_id != MasterRow.shot_id,
                func.coalesce(AttemptRow.picture, "") != MasterRow.picture,
            )
        )
    )
    for shot_id in session.scalars(odd):
        yield Finding(
            kind=FindingKind.MASTER_UNFOUNDED,
            subject=shot_id,
            sentence=f"The shot {shot_id} has a master that no accepted attempt stands behind.",
        )


def _events(session: Session) -> Iterator[Finding]:
    due = due_events(session)
    # Tests of an endpoint and alarms tell of nothing that happened to a shot or campaign.
    happened = EventRow.type.not_in((EventType.WEBHOOK_TEST, EventType.ALARM))
    told = dict(session.execute(select(EventRow.id, EventRow.body).where(happened)).all())
    for missing in due.keys() - told.keys():
        subject = due[missing].subject
        yield Finding(
            kind=FindingKind.EVENT_MISSING,
            subject=missing,
            sentence=f"The outbox does not tell {due[missing].kind} of {subject}.",
        )
    for extra in told.keys() - due.keys():
        yield Finding(
            kind=FindingKind.EVENT_UNFOUNDED,
            subject=extra,
            sentence=f"The outbox tells the event {extra}, which did not happen: {told[extra]}.",
        )


def _ends(session: Session) -> Iterator[Finding]:
    shots = select(ShotRow.id).where(ShotRow.campaign == CampaignRow.name)
    left = shots.where(ShotRow.state == ShotState.UNFINISHED)
    ended = select(CampaignRow.name).where(
        CampaignRow.finished_at.is_(None),
        CampaignRow.state != CampaignState.CANCELLED,
        shots.exists(),
        ~left.exists(),
    )
    for name in session.scalars(ended):
        yield Finding(
            kind=FindingKind.END_MISSING,
            subject=name,
            sentence=f"The campaign {name} has nothing left to do, but its end was not told.",
        )


def _leases(session: Session) -> Iterator[Finding]:
    longest = moment(session) + timedelta(seconds=LEASE_S + _SLACK_S)
    decided = ShotRow.state.not_in([ShotState.UNFINISHED, ShotState.ACCEPTED])
    odd = select(ShotRow.id).where(ShotRow.owner.is_not(None), or_(decided, ShotRow.not_before > longest))
    for shot_id in session.scalars(odd):
        yield _unfounded(shot_id, f"The shot {shot_id} is leased although it is decided, or for too long.")
    sent = DeliveryRow.state != DeliveryState.PENDING
    late = and_(DeliveryRow.owner.is_not(None), or_(sent, DeliveryRow.not_before > longest))
    for delivery_id in session.scalars(select(DeliveryRow.id).where(late)):
        yield _unfounded(delivery_id, f"The delivery {delivery_id} is leased although it is over.")


def _unfounded(subject: str, sentence: str) -> Finding:
    return Finding(kind=FindingKind.LEASE_UNFOUNDED, subject=subject, sentence=sentence)
