"""Telling the flows that there is work."""

from typing import Protocol

from schemas import ProductForm


class Nudge(Protocol):
    """Tells the flows that there is work; losing a nudge loses nothing, because they look by themselves."""

    def submitted(self, campaign: str, submission: str = "") -> str:
        """Start a run for `campaign` and return the address of its page; empty when nobody could be told.

        `submission` names what was handed in, such as the digest of a sheet: the same one again finds the run
        that it began; without one a new run begins each time.
        """

    def form_submitted(self, campaign: str, form: ProductForm, submission: str = "") -> str:
        """Do the same for one form that somebody waits for; `submission` tells its repetitions apart."""

    def run_page(self, campaign: str, sku: str = "") -> str:
        """Return the address of the newest run of the campaign, or of one product's; empty for none known."""

    def at_work(self, campaign: str, sku: str) -> bool:
        """Tell whether the newest run for a product is under way; not, when nobody can be asked."""


class NoNudge:
    """Tells nobody; the scheduled sweep finds the work."""

    def submitted(self, campaign: str, submission: str = "") -> str:
        """Do nothing."""
        del campaign, submission
        return ""

    def form_submitted(self, campaign: str, form: ProductForm, submission: str = "") -> str:
        """Do nothing."""
        del campaign, form, submission
        return ""

    def run_page(self, campaign: str, sku: str = "") -> str:
        """Know no page."""
        del campaign, sku
        return ""

    def at_work(self, campaign: str, sku: str) -> bool:
        """Know of none."""
        del campaign, sku
        return False
