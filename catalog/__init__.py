"""The record of truth: campaigns, attempts, verdicts, masters, renditions, and their pictures."""

from catalog.access import ApiKey, IssuedKey, User
from catalog.assignments import Assignment
from catalog.audit import AuditEntry
from catalog.campaigns import Campaign, Registration
from catalog.catalog import Catalog
from catalog.deliveries import Delivery, DeliveryRecord, DeliveryTry
from catalog.endpoints import Endpoint
from catalog.errors import (
    AccessRefused,
    CatalogError,
    CatalogUnavailable,
    KeyReused,
    LeaseLost,
    NotRegistered,
    RecordRefused,
    RequestInFlight,
    SchemaOutdated,
    StoreCorrupt,
    StoreFull,
    VerdictConflict,
)
from catalog.events import Event, EventType
from catalog.exports import publish
from catalog.findings import Finding, FindingKind, Findings
from catalog.histories import CampaignSummary, ShotHistory
from catalog.leases import HEARTBEAT_S as HEARTBEAT_S
from catalog.leases import LEASE_S as LEASE_S
from catalog.leases import Lease
from catalog.lots import Lot, LotMember
from catalog.passwords import Credentials
from catalog.recording import Made, Recorded, Refusal
from catalog.renditions import Wanting
from catalog.requests import StoredAnswer
from catalog.reviews import Defect, Review
from catalog.rule_tables import RuleActivation
from catalog.states import (
    CampaignState,
    DeliveryState,
    DraftKind,
    LotState,
    Origin,
    Severity,
    ShotState,
)
from catalog.store import AssetStore, store_at
from schemas import Role

__all__ = [
    "AccessRefused",
    "ApiKey",
    "AssetStore",
    "Assignment",
    "AuditEntry",
    "Campaign",
    "CampaignState",
    "CampaignSummary",
    "Catalog",
    "CatalogError",
    "CatalogUnavailable",
    "Credentials",
    "Defect",
    "Delivery",
    "DeliveryRecord",
    "DeliveryState",
    "DeliveryTry",
    "DraftKind",
    "Endpoint",
    "Event",
    "EventType",
    "Finding",
    "FindingKind",
    "Findings",
    "IssuedKey",
    "KeyReused",
    "Lease",
    "LeaseLost",
    "Lot",
    "LotMember",
    "LotState",
    "Made",
    "NotRegistered",
    "Origin",
    "RecordRefused",
    "Recorded",
    "Refusal",
    "Registration",
    "RequestInFlight",
    "Review",
    "Role",
    "RuleActivation",
    "SchemaOutdated",
    "Severity",
    "ShotHistory",
    "ShotState",
    "StoreCorrupt",
    "StoreFull",
    "StoredAnswer",
    "User",
    "VerdictConflict",
    "Wanting",
    "publish",
    "store_at",
]
