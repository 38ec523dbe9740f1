"""Leases: which shots are whose for the next half minute, and the fence that keeps latecomers out.

A lease is an owner, a time and a number on the shot's row. Nobody has to take a lost one back: when its time
has passed the shot is simply due again, and its next owner gets a higher number (the fence). All times are
the database's.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import poison
from catalog.campaigns import open_campaigns, reopen, require
from catalog.columns import moment
from catalog.errors import LeaseLost, VerdictConflict
from catalog.journal import HeldShot, Journal, held_campaign
from catalog.rows import AttemptRow, FormRow, ShotRow
from catalog.shots import held, held_one
from catalog.states import ShotState
from schemas import ProductForm, Schema, Shot

LEASE_S = 30.0
"""How long a shot is its owner's without a sign of life; three heartbeats, as Procrastinate has it."""

HEARTBEAT_S = 10.0
"""How often an owner that makes progress renews its leases."""


class Lease(Schema):
    """A shot that is `owner`'s until `until` (the database's UTC).

    `number` is that of the attempt to make next; `alone` marks a suspect of ending whoever computes it, to be
    computed by itself.
    """

    shot: Shot
    shot_id: str
    fence: int
    owner: str
    until: datetime
    number: int
    alone: bool = False


def claim(session: Session, campaign: str | None, owner: str, limit: int) -> tuple[Lease, ...]:
    """Lease at most `limit` due shots of a running campaign, or of any, the first in line first.

    A suspect comes by itself. Raises NotRegistered for an unknown campaign.
    """
    journal = Journal(session)
    if campaign is not None:
        require(session, campaign)
    leases: list[Lease] = []
    for name in open_campaigns(session, journal.now, campaign):
        chosen = _due(session, name, journal, limit - len(leases))
        if chosen and poison.suspected(chosen[0][0].row):
            chosen = chosen[:1] if not leases else []
        leases += _leased(session, chosen, owner, journal)
        if len(leases) >= limit or any(lease.alone for lease in leases):
            break
    journal.close()
    return tuple(leases)


def renew(session: Session, leases: Iterable[Lease]) -> tuple[tuple[Lease, ...], tuple[str, ...]]:
    """Prolong leases from now; return those that hold, and the ids of the shots that were lost."""
    until = moment(session) + timedelta(seconds=LEASE_S)
    shots = held(session, {lease.shot_id for lease in leases})
    kept, lost = [], []
    for lease in leases:
        shot = shots.get(lease.shot_id)
        if shot is None or not _holds(shot, lease):
            lost.append(lease.shot_id)
            continue
        shot.row.not_before = until
        kept.append(lease.model_copy(update={"until": until}))
    return tuple(kept), tuple(lost)


def release(session: Session, leases: Iterable[Lease], delay_s: float = 0.0) -> None:
    """Give shots back, due again after `delay_s`; leases that were lost meanwhile are passed over."""
    now = moment(session)
    shots = held(session, {lease.shot_id for lease in leases})
    for lease in leases:
        shot = shots.get(lease.shot_id)
        if shot is not None and _holds(shot, lease):
            give_back(shot.row, now + timedelta(seconds=delay_s))


def charge(session: Session, leases: Iterable[Lease], why: str) -> tuple[str, ...]:
    """Give shots back and charge each with a death; return the ids of those that are given up by it."""
    journal = Journal(session)
    shots = held(session, {lease.shot_id for lease in leases})
    charged = []
    for lease in leases:
        shot = shots.get(lease.shot_id)
        if shot is not None and shot.row.state is ShotState.UNFINISHED and _holds(shot, lease):
            give_back(shot.row, journal.now)
            poison.charge(shot, journal, why)
            charged.append(shot)
    journal.close()
    return tuple(shot.row.id for shot in charged if shot.row.state is ShotState.DEAD)


def revive(session: Session, shot_id: str, by: str) -> None:
    """Queue a dead shot again; raises NotRegistered, VerdictConflict when it is not dead."""
    shot = held_one(session, shot_id)
    if shot.row.state is not ShotState.DEAD:
        raise VerdictConflict(f"The shot {shot_id} is {shot.row.state}, not dead.", shot=shot_id)
    journal = Journal(session)
    journal.move(shot, ShotState.UNFINISHED, by, "revive")
    reopen(held_campaign(session, shot.row.campaign))
    journal.close()


def give_back(row: ShotRow, due: datetime) -> None:
    """End a locked shot's lease in good order."""
    row.owner = None
    row.not_before = due
    row.lost_leases = 0


def require_held(shot: HeldShot, lease: Lease) -> None:
    """Raise LeaseLost when somebody else was given the shot after `lease`."""
    if shot.row.fence != lease.fence:
        raise lost_lease(lease.shot_id)


def lost_lease(shot_id: str) -> LeaseLost:
    """Build the error for one lost shot."""
    return LeaseLost(f"The shot {shot_id} is no longer yours; drop what you made of it.", shots=[shot_id])


def _holds(shot: HeldShot, lease: Lease) -> bool:
    row = shot.row
    working = row.state in {ShotState.UNFINISHED, ShotState.ACCEPTED}
    return working and row.fence == lease.fence and row.owner == lease.owner


def _due(session: Session, campaign: str, journal: Journal, limit: int) -> list[tuple[HeldShot, FormRow]]:
    """Lock the first due shots; what another worker holds is passed over. The dead are buried here."""
    first = (
        select(ShotRow, FormRow)
        .join(FormRow, ShotRow.form == FormRow.fingerprint)
        .where(
            ShotRow.campaign == campaign,
            ShotRow.state == ShotState.UNFINISHED,
            ShotRow.not_before <= journal.now,
        )
        .order_by(ShotRow.not_before, ShotRow.position)
        .limit(limit)
        .with_for_update(of=ShotRow, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    due = [(HeldShot(row, form.sku), form) for row, form in session.execute(first)]
    for shot, _ in due:
        if shot.row.owner is not None:
            poison.count_lost_lease(shot, journal)
    living = [(shot, form) for shot, form in due if shot.row.state is ShotState.UNFINISHED]
    if due and not living:
        # All that was looked at was buried; "nothing is due" would end a run that has work left.
        session.flush()
        return _due(session, campaign, journal, limit)
    if living and poison.suspected(living[0][0].row):
        return living[:1]
    return [(shot, form) for shot, form in living if not poison.suspected(shot.row)]


def _leased(
    session: Session, chosen: Sequence[tuple[HeldShot, FormRow]], owner: str, journal: Journal
) -> list[Lease]:
    until = journal.now + timedelta(seconds=LEASE_S)
    numbers = _next_numbers(session, [shot.row.id for shot, _ in chosen])
    forms: dict[str, ProductForm] = {}
    leases = []
    for shot, form in chosen:
        row = shot.row
        row.owner, row.not_before, row.fence = owner, until, row.fence + 1
        if form.fingerprint not in forms:
            forms[form.fingerprint] = ProductForm.model_validate(form.body)
        leases.append(
            Lease(
                shot=Shot(campaign=row.campaign, form=forms[form.fingerprint], shot_type=row.shot_type),
                shot_id=row.id,
                fence=row.fence,
                owner=owner,
                until=until,
                number=numbers.get(row.id, 0),
                alone=poison.suspected(row),
            )
        )
    return leases


def _next_numbers(session: Session, shot_ids: Sequence[str]) -> dict[str, int]:
    if not shot_ids:
        return {}
    counted = select(AttemptRow.shot_id, func.max(AttemptRow.number) + 1)
    chosen = counted.where(AttemptRow.shot_id.in_(shot_ids)).group_by(AttemptRow.shot_id)
    return dict(session.execute(chosen).all())
