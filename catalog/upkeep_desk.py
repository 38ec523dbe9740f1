"""The catalog's desk for those who keep the house: measures, alarms, quality, retention and room."""

from datetime import datetime
from pathlib import Path

from catalog import alarms, judgements, measures, retirement
from catalog.alarms import Alarm
from catalog.intake import Room, room_of
from catalog.judgements import Judgements
from catalog.measures import Measures
from catalog.opened import Opened
from catalog.shelves import FolderShelf


class UpkeepDesk(Opened):
    """Tells how everything stands, and removes what has had its time."""

    @property
    def store_folder(self) -> Path | None:
        """The folder that pictures are kept in; None for a bucket."""
        shelf = self._store.shelf
        return shelf.root if isinstance(shelf, FolderShelf) else None

    def room(self) -> Room | None:
        """Tell how full the pictures' disk is, and whether new work is refused; None for a bucket."""
        return room_of(self._store.shelf)

    def measures(self) -> Measures:
        """Measure everything; about a second for a million shots, so keep the answer for a while."""
        with self._database.reading() as session:
            return measures.measures(session)

    def judgements(self, campaign: str) -> Judgements:
        """Count what people said of what the gate accepted, since the campaign was last resumed.

        Raises NotRegistered.
        """
        with self._database.reading() as session:
            return judgements.judgements(session, campaign)

    def fallback(self, since: datetime, until: datetime) -> tuple[int, int]:
        """Count the attempts made in a time, and those of them that Base made."""
        with self._database.reading() as session:
            return judgements.fallback(session, since, until)

    def raise_alarm(self, alarm: Alarm) -> bool:
        """Tell every endpoint that wants alarms; the same occurrence again is a no-op.

        Returns whether it was new.
        """
        with self._database.writing() as session:
            return alarms.tell_alarm(session, alarm)

    def stop_campaign(self, campaign: str, by: str, why: str) -> bool:
        """Pause a running campaign for a reason that the audit trail keeps, and raise an alarm about it.

        Returns whether it was running. Raises NotRegistered.
        """
        with self._database.writing() as session:
            return alarms.stop_campaign(session, campaign, by, why)

    def retire_pictures(self, before: datetime, limit: int = 50) -> int:
        """Remove up to `limit` rejected pictures of accepted shots, made before a time; return how many.

        Their records stay and say so. What a master or a picture still to be decided shares is left.
        """
        with self._database.writing() as session:
            return retirement.retire(session, self._store, before, limit)
