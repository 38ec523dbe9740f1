"""What programs are told of campaigns: receipts, states, what is wrong with a sheet, schedules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from catalog import Campaign, CampaignFigures, CampaignState, Registration, Schedule, ShotState
from prompt_rules import CellProblem
from schemas import Locale, Schema
from schemas.estimates import Estimate
from schemas.forms import CampaignName
from studio.campaign_orders import LEAST, MOST
from studio.cell_words import told
from studio.language import words
from studio.reason_words import reason_name
from studio.sheets import CheckedSheet

MOST_ROWS = 5_000

Row = dict[str, str | int | list[str]]
"""One product: columns as in a sheet; lists are lists of texts."""


class CampaignOrder(Schema):
    """Products as rows with a sheet's columns, and the terms of their campaign.

    Larger priorities go first; of equals the earlier `due_at`. Nothing is begun before `not_before`. Rows
    that cannot be made refuse the whole, unless `leave_out` says that the others are to be made.
    """

    name: CampaignName
    rows: tuple[Row, ...] = Field(min_length=1, max_length=MOST_ROWS)
    priority: int = Field(default=0, ge=LEAST, le=MOST)
    due_at: datetime | None = None
    not_before: datetime | None = None
    leave_out: bool = False


class RowsToCheck(Schema):
    """Products as rows with a sheet's columns."""

    rows: tuple[Row, ...] = Field(min_length=1, max_length=MOST_ROWS)


class CellTold(Schema):
    """One cell that is wrong: `row` as the spreadsheet shows it, or the line of JSON rows."""

    row: int
    column: str
    value: str
    code: str
    problem: str
    fix: str
    stops: bool
    """Whether the row gives no pictures; else a person should look at it."""


class SheetTold(Schema):
    """What a sheet will come to, before anything is made."""

    rows: int
    products: int
    cells: tuple[CellTold, ...]
    estimate: Estimate


class CampaignReceipt(Schema):
    """A campaign that was taken in; `new` shots are made, those that it had before are not made again."""

    campaign: str
    shots: int
    new: int
    left_out: int
    cells: tuple[CellTold, ...]

    @classmethod
    def of(cls, kept: Registration, checked: CheckedSheet) -> "CampaignReceipt":
        """Tell what was registered and which rows were not."""
        return cls(
            campaign=kept.campaign,
            shots=len(kept.shots),
            new=kept.new,
            left_out=checked.stopped_rows,
            cells=cells_of(checked.problems),
        )


class ReasonTold(Schema):
    """Why pictures were turned down, and how many."""

    reason: str
    words: str
    count: int


class CampaignTold(Schema):
    """How a campaign stands. `states` counts shots; `left_s` is None while nothing is made."""

    campaign: str
    state: CampaignState
    priority: int
    not_before: datetime
    due_at: datetime | None
    submitted_by: str
    created_at: datetime
    finished_at: datetime | None
    shots: int
    decided: int
    states: dict[ShotState, int]
    attempts: int
    accepted_at_once: int
    saved_by_base: int
    device_seconds: float
    pictures_per_minute: float | None
    left_s: float | None
    reasons: tuple[ReasonTold, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing will change by itself."""
        return self.finished_at is not None or self.state is CampaignState.CANCELLED


class CampaignShort(Schema):
    """A campaign in a list."""

    campaign: str
    state: CampaignState
    priority: int
    due_at: datetime | None
    submitted_by: str
    created_at: datetime
    finished_at: datetime | None
    shots: int
    decided: int


class CampaignList(Schema):
    """Some of the campaigns that were asked for, the newest first."""

    total: int
    start: int
    campaigns: tuple[CampaignShort, ...]


class ScheduleOrder(Schema):
    """Products that become the campaign NAME-DATE whenever `cron` (five fields) is due in `zone`."""

    name: CampaignName = Field(max_length=84)
    cron: str = Field(max_length=100, pattern=r"^\S+( \S+){4}$")
    zone: str = Field(max_length=60, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")
    rows: tuple[Row, ...] = Field(min_length=1, max_length=MOST_ROWS)
    priority: int = Field(default=0, ge=LEAST, le=MOST)


class ScheduleList(Schema):
    """All schedules, those that are switched on first."""

    schedules: tuple[Schedule, ...]


def cells_of(problems: Sequence[CellProblem]) -> tuple[CellTold, ...]:
    """Say the problems of a sheet in English."""
    said = [(one, told(one, words(Locale.EN))) for one in problems]
    return tuple(
        CellTold(
            row=one.row,
            column=one.column,
            value=one.value,
            code=one.code,
            problem=shown.problem,
            fix=shown.fix,
            stops=one.stops,
        )
        for one, shown in said
    )


def campaign_told(campaign: Campaign, sums: CampaignFigures) -> CampaignTold:
    """Join a campaign with its sums."""
    known: dict[str, Any] = {
        name: getattr(campaign, name) for name in CampaignTold.model_fields if hasattr(campaign, name)
    }
    return CampaignTold(
        **known,
        campaign=campaign.name,
        shots=sums.shots,
        decided=sums.decided,
        states=sums.states,
        attempts=sums.attempts,
        accepted_at_once=sums.at_once,
        saved_by_base=sums.by_base,
        device_seconds=round(sums.device_seconds, 3),
        pictures_per_minute=None if sums.rate is None else round(sums.rate * 60.0, 2),
        left_s=None if sums.seconds_left is None else round(sums.seconds_left, 1),
        reasons=tuple(
            ReasonTold(reason=one.reason, words=reason_name(words(Locale.EN), one.reason), count=one.count)
            for one in sums.reasons
        ),
    )
