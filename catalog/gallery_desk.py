"""The catalog's desk for those who look around: finding shots, and their stories."""

from catalog import finding_shots, renditions, stories
from catalog.finding_shots import Choices, ShotCard, ShotFilter, ShotPage, ShotSort
from catalog.opened import Opened
from catalog.stories import ShotStory
from schemas import Rendition


class GalleryDesk(Opened):
    """Finds shots by anything that is known of them."""

    def find_shots(
        self,
        wanted: ShotFilter,
        sort: ShotSort = ShotSort.NEWEST,
        *,
        after: str | None = None,
        before: str | None = None,
        size: int = 60,
    ) -> ShotPage:
        """Return a page of shots after, or before, one; from the beginning without either.

        Raises NotRegistered when the shot to go on from is unknown.
        """
        with self._database.reading() as session:
            return finding_shots.find(session, wanted, sort, after, before, size)

    def neighbours(self, wanted: ShotFilter, sort: ShotSort, shot_id: str) -> tuple[str | None, str | None]:
        """Return the shots before and after one in a list, None at its ends; raises NotRegistered."""
        with self._database.reading() as session:
            return finding_shots.neighbours(session, wanted, sort, shot_id)

    def shot_card(self, shot_id: str) -> ShotCard:
        """Return one shot on one line; raises NotRegistered."""
        with self._database.reading() as session:
            return finding_shots.card(session, shot_id)

    def shot_choices(self) -> Choices:
        """List the values that shots can be chosen by, as far as they occur; at most 100 of each."""
        with self._database.reading() as session:
            return finding_shots.choices(session)

    def shot_history(self, shot_id: str) -> ShotStory:
        """Tell all that is known of one shot; raises NotRegistered."""
        with self._database.reading() as session:
            return stories.story(session, shot_id)

    def rendition(self, rendition_id: str) -> Rendition:
        """Return one file's record; raises NotRegistered."""
        with self._database.reading() as session:
            return renditions.rendition(session, rendition_id)
