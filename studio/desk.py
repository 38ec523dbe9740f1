"""What the pages work with: the records, the rule tables, the recipes and the settings of one studio."""

from pathlib import Path

from catalog import Catalog
from prompt_rules import RuleTables
from schemas import Settings
from studio.dashboards import Dashboards
from studio.nudges import Nudge
from studio.snapshots import Snapshot
from studio.tables_in_force import TablesInForce
from zimage_core.judging import GatePolicy
from zimage_core.renditions import RecipeTable

RENEW_S, DISCARD_S = 30.0, 900.0
"""After how long the figures of all rules are added up again, and no longer shown."""


class Desk:
    """Everything a page may ask; made once by the composition root."""

    def __init__(
        self,
        catalog: Catalog,
        tables: RuleTables,
        recipes: RecipeTable,
        policy: GatePolicy,
        settings: Settings,
        exports: Path,
        thumbnails: Path,
        nudge: Nudge,
    ) -> None:
        """Lay out the desk.

        `tables` are in force until the catalog says otherwise, or for good where a setting names them.
        `exports` is the folder of the export files by channel; `thumbnails` may be emptied at any time.
        """
        self.catalog = catalog
        self.recipes = recipes
        self.policy = policy
        self.settings = settings
        self.exports = exports
        self.thumbnails = thumbnails
        self.nudge = nudge
        self.rules = TablesInForce(catalog, tables, fixed=settings.rules.tables is not None)
        self.rule_figures = Snapshot(catalog.all_rule_figures, RENEW_S, DISCARD_S)
        self.dashboards = Dashboards(catalog, settings)

    @property
    def tables(self) -> RuleTables:
        """The rule tables in force at this moment; ask once for each request."""
        return self.rules.tables()
