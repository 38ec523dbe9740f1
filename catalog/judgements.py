"""How people judge what the gate accepted, and how much Base has to make."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from catalog.audit_rows import AuditRow
from catalog.campaigns import require
from catalog.journal import campaign_subject
from catalog.rows import AttemptRow, ShotRow, VerdictRow
from catalog.tally_rows import TallyRow
from schemas import DecidedBy, Outcome, Schema, Variant


class Judgements(Schema):
    """What people said of a campaign's pictures that the gate had accepted.

    `since` is when the campaign was last resumed, None when it never was: who resumes it has seen what was
    said before. Each picture counts once, by the last word on it.
    """

    campaign: str
    looked_at: int
    rejected: int
    since: datetime | None


def judgements(session: Session, campaign: str) -> Judgements:
    """Count them; raises NotRegistered."""
    require(session, campaign)
    resumed = select(func.max(AuditRow.at)).where(
        AuditRow.subject == campaign_subject(campaign), AuditRow.action == "resume"
    )
    since = session.scalar(resumed)
    by_gate, by_person = aliased(VerdictRow), aliased(VerdictRow)
    last = (
        select(func.max(by_person.number).label("number"))
        .join(AttemptRow, AttemptRow.id == by_person.attempt_id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .join(by_gate, by_gate.attempt_id == AttemptRow.id)
        .where(
            ShotRow.campaign == campaign,
            by_person.decided_by == DecidedBy.PERSON,
            by_gate.decided_by == DecidedBy.POLICY,
            by_gate.outcome == Outcome.ACCEPTED,
        )
        .group_by(by_person.attempt_id)
    )
    if since is not None:
        last = last.where(by_person.decided_at > since)
    chosen = select(VerdictRow.outcome, func.count()).where(VerdictRow.number.in_(last))
    found = dict(session.execute(chosen.group_by(VerdictRow.outcome)).all())
    rejected = found.get(Outcome.REJECTED, 0)
    return Judgements(campaign=campaign, looked_at=sum(found.values()), rejected=rejected, since=since)


def fallback(session: Session, since: datetime, until: datetime) -> tuple[int, int]:
    """Count the attempts made in a time, and those of them by Base."""
    made = TallyRow.made_at
    chosen = select(TallyRow.variant, func.count()).where(made > since, made <= until)
    found = dict(session.execute(chosen.group_by(TallyRow.variant)).all())
    return sum(found.values()), found.get(Variant.BASE, 0)
