"""The catalog: what is recorded about campaigns, and the pictures that the records point to."""

from pathlib import Path
from types import TracebackType
from typing import Self

from catalog import audit, calibrations, rule_tables
from catalog.access_desk import AccessDesk
from catalog.audit import AuditEntry
from catalog.campaign_desk import CampaignDesk
from catalog.columns import moment
from catalog.engines import database_at, migrator_at
from catalog.figure_desk import FigureDesk
from catalog.findings import Findings
from catalog.form_desk import FormDesk
from catalog.gallery_desk import GalleryDesk
from catalog.inspection import GRACE_S, inspect
from catalog.outbox_desk import OutboxDesk
from catalog.production_desk import ProductionDesk
from catalog.review_desk import ReviewDesk
from catalog.revisions import upgrade
from catalog.rule_tables import KeptTables, RuleActivation
from catalog.shot_desk import ShotDesk
from catalog.store import AssetStore
from catalog.trails import AuditFilter, AuditPage, trail
from catalog.upkeep_desk import UpkeepDesk


class Catalog(
    CampaignDesk,
    FigureDesk,
    FormDesk,
    GalleryDesk,
    ShotDesk,
    ReviewDesk,
    OutboxDesk,
    ProductionDesk,
    AccessDesk,
    UpkeepDesk,
):
    """The record of truth. Every method is one transaction and safe to call again.

    Threads and processes may call everything at the same time; what they do twice is kept once. All methods
    raise CatalogUnavailable or StoreFull (both retryable) when the database or disk is in the way.
    """

    @classmethod
    def open(cls, url: str, store: AssetStore) -> Self:
        """Open the catalog at a SQLAlchemy address, creating or migrating it first.

        `url` is `sqlite:///file.db` or `postgresql://...`. Raises SettingsInvalid for another address, and
        SchemaOutdated when a newer release has migrated the database. Open one in each process: it does not
        survive a fork.
        """
        migrator = migrator_at(url)
        try:
            upgrade(migrator)
        finally:
            migrator.dispose()
        return cls(database_at(url), store)

    def close(self) -> None:
        """Give all connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reachable(self) -> None:
        """Ask the database for its time, which costs nothing; raises CatalogUnavailable when it is away."""
        with self._database.reading() as session:
            moment(session)

    def keep_tables(self, fingerprint: str, text: str) -> None:
        """Keep the full text of rule tables, so that every prompt that names them can be made again.

        What is kept under a fingerprint stays; keeping it again is a no-op.
        """
        with self._database.writing() as session:
            rule_tables.keep(session, fingerprint, text)

    def tables(self, fingerprint: str) -> str:
        """Return the text of the rule tables with this fingerprint; raises NotRegistered."""
        with self._database.reading() as session:
            return rule_tables.kept(session, fingerprint)

    def activate_tables(self, fingerprint: str, by: str, why: str) -> RuleActivation:
        """Put kept rule tables in force; again is a no-op. Raises NotRegistered for tables not kept."""
        with self._database.writing() as session:
            return rule_tables.activate(session, fingerprint, by, why)

    def activations(self) -> tuple[RuleActivation, ...]:
        """List which rule tables came into force, the newest first; empty when none ever replaced others."""
        with self._database.reading() as session:
            return rule_tables.activations(session)

    def activated(self) -> str | None:
        """Return the fingerprint of the rule tables that came into force last; None when none ever did."""
        with self._database.reading() as session:
            return rule_tables.activated(session)

    def activated_tables(self) -> str | None:
        """Return the text of the rule tables that came into force last; None when none ever did."""
        with self._database.reading() as session:
            fingerprint = rule_tables.activated(session)
            return None if fingerprint is None else rule_tables.kept(session, fingerprint)

    def kept_tables(self) -> tuple[KeptTables, ...]:
        """List all rule tables whose text is kept, the newest first."""
        with self._database.reading() as session:
            return rule_tables.all_kept(session)

    def keep_calibration(self, fingerprint: str, text: str) -> None:
        """Keep the full text of a calibration, so that every score that names it can be explained.

        What is kept under a fingerprint stays; keeping it again is a no-op.
        """
        with self._database.writing() as session:
            calibrations.keep(session, fingerprint, text)

    def calibration(self, fingerprint: str) -> str:
        """Return the text of the calibration with this fingerprint; raises NotRegistered."""
        with self._database.reading() as session:
            return calibrations.kept(session, fingerprint)

    def audit_of(self, subject: str) -> tuple[AuditEntry, ...]:
        """List what was done to a shot (by its id), a campaign (`campaign NAME`) or an endpoint, in order."""
        with self._database.reading() as session:
            return audit.entries(session, subject)

    def audit_page(
        self, wanted: AuditFilter | None = None, *, before: int | None = None, limit: int = 60
    ) -> AuditPage:
        """List what was done by anybody to anything, newest first; `before` is the last page's `older`."""
        with self._database.reading() as session:
            return trail(session, wanted or AuditFilter(), before, limit)

    def fsck(
        self,
        *,
        exports: Path | str | None = None,
        deep: bool = False,
        repair: bool = False,
        grace_s: float = GRACE_S,
    ) -> Findings:
        """Hold rows against files and each other, both ways; `clean` when all agree.

        `exports` is the folder of the channels' files; without it they are not looked at. `deep` reads every
        file and hashes it. `repair` queues again, tells again or removes what it can; nothing younger than
        `grace_s` is removed. Safe beside workers.
        """
        return inspect(self._database, self._store, exports, deep=deep, repair=repair, grace_s=grace_s)

    def verify_audit(self) -> tuple[str, ...]:
        """Say in sentences where the audit trail was edited, cut or bypassed; nothing when it is whole."""
        with self._database.reading() as session:
            return tuple(sentence for _, sentence in audit.broken(session))
