"""What an inspection of the catalog finds: rows and files that do not agree."""

from enum import StrEnum

from schemas import Schema


class FindingKind(StrEnum):
    """The kinds of disagreement that `fsck` knows."""

    PICTURE_MISSING = "picture_missing"  #: an attempt names a picture that is not in the store
    PICTURE_TRUNCATED = "picture_truncated"  #: it has another size than was recorded
    PICTURE_DAMAGED = "picture_damaged"  #: its bytes no longer fit its name (deep)
    PICTURE_ORPHANED = "picture_orphaned"  #: no attempt names it, and it is older than the grace time
    TEMPORARY_LEFT = "temporary_left"  #: a half-written file older than the grace time
    STRANGER = "stranger"  #: a file in the store that is no picture; never removed
    EXPORT_MISSING = "export_missing"  #: a rendition's file is not in the export folder
    EXPORT_DAMAGED = "export_damaged"  #: it has another size, or (deep) other bytes, than was recorded
    MASTER_MISSING = "master_missing"  #: an accepted shot has no master
    MASTER_UNFOUNDED = "master_unfounded"  #: a master of a shot that is not accepted, or of another picture
    EVENT_MISSING = "event_missing"  #: something happened and the outbox does not tell it
    EVENT_UNFOUNDED = "event_unfounded"  #: the outbox tells what did not happen
    END_MISSING = "end_missing"  #: a campaign has nothing left, and nobody said so
    LEASE_UNFOUNDED = "lease_unfounded"  #: a lease on what is decided, or longer than leases are
    CARD_STALE = "card_stale"  #: pages find a shot by what its records do not say
    AUDIT_BROKEN = "audit_broken"  #: the audit trail was edited, cut or bypassed; never repaired
    DATABASE_DAMAGED = "database_damaged"  #: the database's own check fails; restore a backup


class Finding(Schema):
    """One disagreement: what it is about, a sentence for people, and whether it was put right."""

    kind: FindingKind
    subject: str
    sentence: str
    repaired: bool = False


class Findings(Schema):
    """What an inspection looked at and found."""

    findings: tuple[Finding, ...]
    shots: int
    pictures: int
    files: int
    deep: bool

    @property
    def clean(self) -> bool:
        """Whether rows and files agree as they stand now: nothing was found, or all was put right."""
        return all(finding.repaired for finding in self.findings)
