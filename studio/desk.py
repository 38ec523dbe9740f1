"""What the pages work with: the records, the rule tables, the recipes and the settings of one studio."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from catalog import Catalog
from prompt_rules import RuleTables
from schemas import Settings
from zimage_core.judging import GatePolicy
from zimage_core.renditions import RecipeTable


class Nudge(Protocol):
    """Tells the flows that there is work; losing a nudge loses nothing, because they look by themselves."""

    def submitted(self, campaign: str) -> str:
        """Start a run for `campaign` and return the address of its page; empty when nobody could be told."""

    def run_page(self, campaign: str) -> str:
        """Return the address where the campaign's runs are watched."""


class NoNudge:
    """Tells nobody; the scheduled sweep finds the work."""

    def submitted(self, campaign: str) -> str:
        """Do nothing."""
        del campaign
        return ""

    def run_page(self, campaign: str) -> str:
        """Know no page."""
        del campaign
        return ""


@dataclass(frozen=True)
class Desk:
    """Everything a page may ask; made once by the composition root."""

    catalog: Catalog
    tables: RuleTables
    recipes: RecipeTable
    policy: GatePolicy
    settings: Settings
    exports: Path
    """Folder of the export files, by channel."""
    thumbnails: Path
    """Folder of small pictures; may be emptied at any time."""
    nudge: Nudge
