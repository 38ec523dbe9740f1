"""Campaigns as lists show them: a page at a time, with how their shots stand."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from catalog.campaigns import Campaign
from catalog.rows import CampaignRow, ShotRow
from catalog.states import CampaignState, ShotState
from schemas import Schema


class CampaignLine(Schema):
    """A campaign and its shots by state."""

    campaign: Campaign
    states: dict[ShotState, int]

    @property
    def shots(self) -> int:
        """All shots."""
        return sum(self.states.values())

    @property
    def decided(self) -> int:
        """Shots that nothing more is made for by itself."""
        return self.shots - self.states.get(ShotState.UNFINISHED, 0)


class CampaignPage(Schema):
    """Some of the campaigns that were asked for, the newest first, and how many there are."""

    lines: tuple[CampaignLine, ...]
    total: int


def page(
    session: Session,
    search: str,
    state: CampaignState | None,
    start: int,
    size: int,
    *,
    finished: bool | None,
) -> CampaignPage:
    """List `size` campaigns from the `start`th on whose names hold `search`, in any case.

    `finished` asks for those that have nothing left to do, or for the others.
    """
    wanted = _wanted(search, state, finished=finished)
    newest = select(CampaignRow).where(wanted).order_by(CampaignRow.created_at.desc(), CampaignRow.name)
    rows = list(session.scalars(newest.offset(start).limit(size)))
    states = states_of(session, [row.name for row in rows])
    lines = tuple(CampaignLine(campaign=_campaign(row), states=states.get(row.name, {})) for row in rows)
    total = session.scalar(select(func.count()).select_from(CampaignRow).where(wanted)) or 0
    return CampaignPage(lines=lines, total=total)


def states_of(session: Session, names: Sequence[str]) -> dict[str, dict[ShotState, int]]:
    """Count the shots of campaigns by state."""
    counted = (
        select(ShotRow.campaign, ShotRow.state, func.count())
        .where(ShotRow.campaign.in_(names))
        .group_by(ShotRow.campaign, ShotRow.state)
    )
    found: dict[str, dict[ShotState, int]] = {}
    for name, state, count in session.execute(counted):
        found.setdefault(name, {})[state] = count
    return found


def _wanted(search: str, state: CampaignState | None, *, finished: bool | None) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [CampaignRow.name.is_not(None)]
    if search:
        conditions.append(CampaignRow.name.icontains(search, autoescape=True))
    if state is not None:
        conditions.append(CampaignRow.state == state)
    if finished is not None:
        ended = CampaignRow.finished_at
        conditions.append(ended.is_not(None) if finished else ended.is_(None))
    return and_(*conditions)


def _campaign(row: CampaignRow) -> Campaign:
    return Campaign.model_validate({name: getattr(row, name) for name in Campaign.model_fields})
