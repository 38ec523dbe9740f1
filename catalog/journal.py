"""The one place where shots and campaigns change their state.

A journal lives as long as a transaction. It checks each change against the table of legal ones, and at its
end writes the audit entries and events of all of them in a few statements.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.audit import Change, note
from catalog.cards import refresh
from catalog.columns import moment
from catalog.errors import VerdictConflict
from catalog.events import Event, EventType, event_id, tell
from catalog.rows import CampaignRow, ShotRow
from catalog.states import LEGAL, LEGAL_CAMPAIGN, CampaignState, ShotState

_TAIL = 1000
"""With more shots than this left, no handful of batches that commit together can finish a campaign."""

SHOT = "shot_"
"""How the ids of shots begin, by which the audit trail names them."""


@dataclass(frozen=True)
class HeldShot:
    """A shot's row that this transaction has locked, and its product."""

    row: ShotRow
    sku: str


class Journal:
    """Changes of one transaction; `now` is the database's time at its start."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = moment(session)
        self._changes: list[Change] = []
        self._events: list[Event] = []
        self._left: set[str] = set()
        self._touched: set[str] = set()

    def move(self, shot: HeldShot, to: ShotState, actor: str, action: str, **facts: Any) -> None:
        """Change where a locked shot stands; raises VerdictConflict when that way is not open.

        Every state but accepted ends the shot's lease: an accepted one goes on to its exports.
        """
        row = shot.row
        if to not in LEGAL[row.state]:
            raise VerdictConflict(
                f"The shot {row.id} is {row.state} and cannot become {to}.", shot=row.id, state=row.state
            )
        self.note(row.id, actor, action, {"state": row.state}, {"state": to, **facts})
        if row.state is ShotState.UNFINISHED:
            self._left.add(row.campaign)
        row.state = to
        row.lost_leases = 0
        if to is not ShotState.ACCEPTED:
            row.owner = None
        if to is ShotState.UNFINISHED:
            # Whoever still computes it from before may not record it any more.
            row.fence += 1
            row.charged_crashes = 0
            row.not_before = self.now

    def move_campaign(self, row: CampaignRow, to: CampaignState, actor: str, action: str) -> None:
        """Change where a locked campaign stands; raises VerdictConflict when that way is not open."""
        if to not in LEGAL_CAMPAIGN[row.state]:
            raise VerdictConflict(f"The campaign {row.name} is {row.state} and cannot become {to}.")
        self.note(campaign_subject(row.name), actor, action, {"state": row.state}, {"state": to})
        row.state = to

    def note(
        self, subject: str, actor: str, action: str, before: dict[str, Any] | None, after: dict[str, Any]
    ) -> None:
        """Put a change on the audit trail; the caller has locked its subject."""
        if subject.startswith(SHOT):
            self.touch([subject])
        self._changes.append(Change(subject, actor, action, before, after))

    def touch(self, shot_ids: Iterable[str]) -> None:
        """Have the cards of shots derived anew at the close; those noted of are so anyway."""
        self._touched.update(shot_ids)

    def tell_of(self, kind: EventType, shot: HeldShot, revision: str | int, **facts: Any) -> None:
        """Put an event about a shot into the outbox; the same revision again is the same event."""
        row = shot.row
        about = {"shot_id": row.id, "sku": shot.sku, "shot_type": row.shot_type, **facts}
        self._tell(kind, row.campaign, row.id, row.id, revision, about)

    def tell_end(self, campaign: str, round_: int) -> None:
        """Put the end of a campaign's round into the outbox, with how its shots stand."""
        states = select(ShotRow.state, func.count()).where(ShotRow.campaign == campaign)
        found = self.session.execute(states.group_by(ShotRow.state))
        counted = {state.value: count for state, count in found}
        self._tell(EventType.CAMPAIGN_FINISHED, campaign, None, campaign, round_, {"shots": counted})

    def look_for_end(self, campaign: str) -> None:
        """Finish a campaign at the close if it has nothing left, although nothing was moved here."""
        self._left.add(campaign)

    def close(self) -> None:
        """Write what has gathered, and finish the campaigns that have nothing left; call it once, last."""
        self.session.flush()
        for campaign in sorted(self._left):
            self._finish(campaign)
        note(self.session, self._changes, self.now)
        tell(self.session, self._events)
        refresh(self.session, self._touched)

    def _finish(self, campaign: str) -> None:
        ours = (ShotRow.campaign == campaign) & (ShotRow.state == ShotState.UNFINISHED)
        left = select(func.count()).select_from(select(ShotRow.id).where(ours).limit(_TAIL + 1).subquery())
        if (self.session.scalar(left) or 0) > _TAIL:
            return
        # Of two transactions that take the last two shots, the second one has to see the first one's.
        row = held_campaign(self.session, campaign)
        if row.finished_at or row.state is CampaignState.CANCELLED or self.session.scalar(left):
            return
        row.finished_at = self.now
        self.session.flush()
        self.note(campaign_subject(campaign), "catalog", "finish", None, {"round": row.round})
        self.tell_end(campaign, row.round)

    def _tell(
        self,
        kind: EventType,
        campaign: str,
        shot_id: str | None,
        subject: str,
        revision: str | int,
        body: dict[str, Any],
    ) -> None:
        self._events.append(
            Event(
                id=event_id(kind, subject, revision),
                type=kind,
                campaign=campaign,
                shot_id=shot_id,
                body={"campaign": campaign, **body},
                created_at=self.now,
            )
        )


def held_campaign(session: Session, campaign: str) -> CampaignRow:
    """Lock a campaign that is known to exist until the commit.

    Always after the shots that the transaction locks, never before: two that did it in different orders would
    wait for each other. New shots may refer to the campaign meanwhile.
    """
    chosen = select(CampaignRow).where(CampaignRow.name == campaign)
    fresh = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(fresh).one()


def campaign_subject(campaign: str) -> str:
    """Name a campaign on the audit trail; shots go by their ids."""
    return f"campaign {campaign}"
