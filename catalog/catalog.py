"""The catalog: what is recorded about campaigns, and the pictures that the records point to."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from catalog import attempts, campaigns, histories, renditions, rule_tables, shots
from catalog.engines import Database, database_at, migrator_at
from catalog.errors import RecordRefused
from catalog.exports import publish
from catalog.histories import CampaignSummary, ShotHistory
from catalog.revisions import upgrade
from catalog.store import AssetStore
from schemas import Attempt, Master, ProductForm, PromptSpec, Rendition, Shot, sha256_hex


class Catalog:
    """The record of truth. Every method is one transaction and safe to call again.

    Threads and processes may call everything at the same time; what they do twice is kept once. All methods
    raise CatalogUnavailable or StoreFull (both retryable) when the database or disk is in the way.
    """

    def __init__(self, database: Database, store: AssetStore) -> None:
        """Join an opened database at the newest schema with a store; `open` does all of that."""
        self._database = database
        self._store = store

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

    def register(self, campaign: str, forms: Sequence[ProductForm]) -> tuple[Shot, ...]:
        """Make the shots of `forms` known to `campaign` and return them in the forms' order, each once.

        Forms that are known already make nothing new; a changed form makes new shots beside its old ones.
        """
        with self._database.writing() as session:
            return campaigns.register(session, campaign, forms)

    def unfinished(self, campaign: str) -> tuple[Shot, ...]:
        """List the shots with neither a master nor a place in review, in the order of their registration.

        Raises NotRegistered.
        """
        with self._database.reading() as session:
            return campaigns.unfinished(session, campaign)

    def shot(self, shot_id: str) -> Shot:
        """Return one shot; raises NotRegistered."""
        with self._database.reading() as session:
            return shots.shot(session, shot_id)

    def attempts_of(self, shot_id: str) -> tuple[Attempt, ...]:
        """List a shot's attempts by number, each with its latest verdict; raises NotRegistered."""
        with self._database.reading() as session:
            return attempts.attempts_of(session, shot_id)

    def record_attempt(self, attempt: Attempt, spec: PromptSpec, picture: bytes | None) -> Attempt:
        """Keep the picture, then the attempt with its verdict, and return it with its hash and time.

        `attempt.picture` may be left out; it is the hash of `picture`, which is None for a failed attempt. An
        accepted attempt becomes the shot's master, one that needs review sends the shot there. The first
        record of an attempt stands: recording it again returns that one. Raises NotRegistered; RecordRefused
        when the parts do not fit; VerdictConflict when a policy decides the same attempt differently or the
        shot has a master.
        """
        whole = self._with_picture(attempt, picture)
        attempts.require_coherent(whole, spec)
        if picture is not None:
            self._store.put(picture)
        with self._database.writing() as session:
            return attempts.record(session, whole, spec)

    def master_of(self, shot_id: str) -> Master:
        """Return the shot's accepted picture; raises NotRegistered when it has none."""
        with self._database.reading() as session:
            return attempts.master_of(session, shot_id)

    def picture(self, sha256: str) -> bytes:
        """Read a picture by its hash; raises StoreCorrupt when it is missing or damaged."""
        return self._store.get(sha256)

    def publish(self, folder: Path, name: str, data: bytes) -> Path:
        """Put a file for people at `folder/name`, whole and durable; the same bytes again write nothing.

        Raises RecordRefused when `name` is more than a plain file name.
        """
        return publish(folder, name, data)

    def record_renditions(self, made: Sequence[Rendition]) -> None:
        """Record files made from masters, all or none; those made again by the same recipe are renewed.

        Raises NotRegistered when one was not made from its shot's master.
        """
        with self._database.writing() as session:
            renditions.record(session, made)

    def renditions_of(self, shot_id: str) -> tuple[Rendition, ...]:
        """List a shot's renditions by slot and file name; raises NotRegistered."""
        with self._database.reading() as session:
            return renditions.renditions_of(session, shot_id)

    def campaign_summary(self, campaign: str) -> CampaignSummary:
        """Count how the campaign's shots stand, and its attempts and renditions; raises NotRegistered."""
        with self._database.reading() as session:
            return histories.campaign_summary(session, campaign)

    def shot_histories(self, campaign: str) -> tuple[ShotHistory, ...]:
        """Tell all that is known of each shot, in the order of registration; raises NotRegistered."""
        with self._database.reading() as session:
            return histories.shot_histories(session, campaign)

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

    @staticmethod
    def _with_picture(attempt: Attempt, picture: bytes | None) -> Attempt:
        if picture is None:
            return attempt
        sha = sha256_hex(picture)
        if attempt.picture not in (None, sha):
            raise RecordRefused(
                "The attempt names another picture than the one it came with.", attempt=attempt.id
            )
        return attempt.model_copy(update={"picture": sha})
