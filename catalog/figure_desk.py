"""The catalog's desk for those who look after campaigns: sums, lists, results and schedules."""

from collections.abc import Sequence
from datetime import datetime

from catalog import campaign_lists, results, schedules, tallies
from catalog.campaign_lists import CampaignPage
from catalog.campaigns import Registration
from catalog.opened import Opened
from catalog.results import Result, Stock
from catalog.schedules import Schedule
from catalog.states import CampaignState
from catalog.tallies import CampaignFigures
from schemas import ProductForm


class FigureDesk(Opened):
    """Adds campaigns up, lists them and what came of them, and begins those that are due by schedule."""

    def campaign_figures(self, campaign: str, reasons: int = 8) -> CampaignFigures:
        """Add up a campaign with the `reasons` most frequent ones; raises NotRegistered."""
        with self._database.reading() as session:
            return tallies.figures(session, campaign, reasons)

    def campaign_page(
        self,
        search: str = "",
        state: CampaignState | None = None,
        *,
        finished: bool | None = None,
        start: int = 0,
        size: int = 60,
    ) -> CampaignPage:
        """List `size` campaigns from the `start`th on whose names hold `search`, the newest first.

        `finished` asks for those that have nothing left to do, or for the others; None for both.
        """
        with self._database.reading() as session:
            return campaign_lists.page(session, search, state, start, size, finished=finished)

    def results(self, campaign: str, after: int = -1, limit: int = 500) -> tuple[Result, ...]:
        """List the results of the next `limit` shots behind position `after`; raises NotRegistered."""
        with self._database.reading() as session:
            return results.results(session, campaign, after, limit)

    def shots_by_sku(self, campaign: str) -> tuple[tuple[str, str], ...]:
        """List (SKU, shot id) of a campaign by SKU and then by registration; raises NotRegistered."""
        with self._database.reading() as session:
            return results.shots_by_sku(session, campaign)

    def stock(self, shot_ids: Sequence[str]) -> tuple[Stock, ...]:
        """Return shots with their masters and files, in the order asked; unknown ones are passed over."""
        with self._database.reading() as session:
            return results.stock(session, shot_ids)

    def put_schedule(
        self, name: str, cron: str, zone: str, forms: Sequence[ProductForm], by: str, priority: int = 0
    ) -> Schedule:
        """Make a schedule, or change the one of that name and switch it on.

        Raises RecordRefused without forms or for a name too long, ScheduleInvalid for a line or zone that
        does not exist.
        """
        with self._database.writing() as session:
            return schedules.put(session, name, cron, zone, forms, by, priority)

    def schedules(self) -> tuple[Schedule, ...]:
        """List all schedules: those that are switched on first, the next due first."""
        with self._database.reading() as session:
            return schedules.schedules(session)

    def due_schedules(self) -> tuple[Schedule, ...]:
        """List the schedules whose time has come, the longest overdue first."""
        with self._database.reading() as session:
            return schedules.due(session)

    def advance_schedule(self, name: str, due_at: datetime) -> Registration | None:
        """Begin the campaign of the occurrence at `due_at` and move on, in one transaction.

        None when somebody else did, or nobody wants it any more: two sweeps make one campaign.
        """
        with self._database.writing() as session:
            return schedules.advance(session, name, due_at)

    def switch_schedule(self, name: str, by: str, *, on: bool) -> Schedule:
        """Switch a schedule on or off; on, it is due next after now. Raises NotRegistered."""
        with self._database.writing() as session:
            return schedules.switch(session, name, by, on=on)

    def delete_schedule(self, name: str, by: str) -> None:
        """Remove a schedule; its campaigns stay. Raises NotRegistered."""
        with self._database.writing() as session:
            schedules.delete(session, name, by)
