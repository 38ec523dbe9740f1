"""The catalog's desk for those who fill in forms: what earlier ones took."""

from catalog import rates
from catalog.opened import Opened
from schemas.estimates import Measured


class FormDesk(Opened):
    """Helps to fill a form in, and tells what will come of it."""

    def measured(self) -> Measured:
        """Tell what the newest shots took, for estimates; all zero while nothing was made."""
        with self._database.reading() as session:
            return rates.measured(session)
