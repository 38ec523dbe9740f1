"""The catalog's desk for those who order: campaigns, their controls, and requests that come twice."""

from collections.abc import Sequence
from datetime import datetime

from catalog import campaigns, histories, requests
from catalog.campaigns import Campaign, Registration
from catalog.histories import CampaignSummary, CampaignWork, ShotHistory
from catalog.intake import require_room
from catalog.opened import Opened
from catalog.requests import StoredAnswer
from catalog.states import CampaignState
from schemas import ProductForm, Shot


class CampaignDesk(Opened):
    """Registers campaigns, starts and stops them, and tells how they stand."""

    def submit(
        self,
        campaign: str,
        forms: Sequence[ProductForm],
        *,
        by: str = "",
        priority: int | None = None,
        due_at: datetime | None = None,
        not_before: datetime | None = None,
    ) -> Registration:
        """Make the shots of `forms` known to `campaign`; answer with all of them and how many were new.

        The same forms again make nothing new; a changed form makes new shots beside its old ones. Larger
        priorities go first; before `not_before` nothing is handed out; what is None stays as it is. Raises
        RecordRefused for a cancelled campaign, IntakeClosed for new shots on a disk that is nearly full.
        """
        terms = {"priority": priority, "due_at": due_at, "not_before": not_before}
        with self._database.writing() as session:
            registration = campaigns.submit(session, campaign, forms, by, terms)
            if registration.new:
                require_room(self._store.shelf)
            return registration

    def register(self, campaign: str, forms: Sequence[ProductForm]) -> tuple[Shot, ...]:
        """Submit without terms; return the shots of `forms` in their order, each once."""
        return self.submit(campaign, forms).shots

    def campaign(self, name: str) -> Campaign:
        """Return one campaign; raises NotRegistered."""
        with self._database.reading() as session:
            return campaigns.campaign(session, name)

    def campaigns(self) -> tuple[Campaign, ...]:
        """List all campaigns, the newest first."""
        with self._database.reading() as session:
            return campaigns.campaigns(session)

    def due_campaigns(self) -> tuple[str, ...]:
        """Name the running campaigns with a shot that can be claimed now, the first in line first."""
        with self._database.reading() as session:
            return campaigns.due_campaigns(session)

    def pause(self, campaign: str, by: str) -> Campaign:
        """Hand out no more of its shots; what is under way comes to its end. Raises NotRegistered."""
        with self._database.writing() as session:
            return campaigns.change_state(session, campaign, CampaignState.PAUSED, by, "pause")

    def resume(self, campaign: str, by: str) -> Campaign:
        """Hand its shots out again, those of a cancelled campaign too. Raises NotRegistered."""
        with self._database.writing() as session:
            return campaigns.change_state(session, campaign, CampaignState.RUNNING, by, "resume")

    def cancel(self, campaign: str, by: str) -> Campaign:
        """Call it off: undecided shots are cancelled, what is under way is refused. Raises NotRegistered."""
        with self._database.writing() as session:
            return campaigns.change_state(session, campaign, CampaignState.CANCELLED, by, "cancel")

    def reprioritise(self, campaign: str, priority: int, by: str) -> Campaign:
        """Give it another place among the campaigns; larger goes first. Raises NotRegistered."""
        with self._database.writing() as session:
            return campaigns.reprioritise(session, campaign, priority, by)

    def unfinished(self, campaign: str) -> tuple[Shot, ...]:
        """List the shots for which an attempt is due or under way, in the order of their registration.

        Raises NotRegistered.
        """
        with self._database.reading() as session:
            return campaigns.unfinished(session, campaign)

    def campaign_work(self, campaign: str) -> CampaignWork:
        """Count the shots that want another attempt, and those that are worked at; raises NotRegistered."""
        with self._database.reading() as session:
            return histories.campaign_work(session, campaign)

    def campaign_summary(self, campaign: str) -> CampaignSummary:
        """Count how the campaign's shots stand, and its attempts and renditions; raises NotRegistered."""
        with self._database.reading() as session:
            return histories.campaign_summary(session, campaign)

    def shot_histories(self, campaign: str) -> tuple[ShotHistory, ...]:
        """Tell all that is known of each shot, in the order of registration; raises NotRegistered."""
        with self._database.reading() as session:
            return histories.shot_histories(session, campaign)

    def begin_request(self, tenant: str, key: str, digest: str) -> StoredAnswer | None:
        """Take up a request with an Idempotency-Key (None), or return what its twin was answered.

        `digest` is the SHA-256 of what was asked. Raises KeyReused when the key came with another digest,
        RequestInFlight while the twin is at work; one that has not answered in a minute is taken over.
        """
        with self._database.writing() as session:
            return requests.begin(session, tenant, key, digest)

    def finish_request(self, tenant: str, key: str, status: int, body: str) -> None:
        """Keep the answer to a request for a day; raises NotRegistered when it was not taken up."""
        with self._database.writing() as session:
            requests.finish(session, tenant, key, StoredAnswer(status=status, body=body))

    def drop_request(self, tenant: str, key: str) -> None:
        """Forget a request that was refused for its form, so that its key may come again."""
        with self._database.writing() as session:
            requests.drop(session, tenant, key)
