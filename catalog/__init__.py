"""The record of truth: campaigns, attempts, verdicts, masters, renditions, and their pictures."""

from catalog.audit import AuditEntry
from catalog.campaigns import Campaign, Registration
from catalog.catalog import Catalog
from catalog.deliveries import Delivery, DeliveryRecord, DeliveryTry
from catalog.endpoints import Endpoint
from catalog.errors import (
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
from catalog.recording import Made, Recorded, Refusal
from catalog.renditions import Wanting
from catalog.requests import StoredAnswer
from catalog.states import CampaignState, DeliveryState, ShotState
from catalog.store import AssetStore, store_at

__all__ = [
    "AssetStore",
    "AuditEntry",
    "Campaign",
    "CampaignState",
    "CampaignSummary",
    "Catalog",
    "CatalogError",
    "CatalogUnavailable",
    "Delivery",
    "DeliveryRecord",
    "DeliveryState",
    "DeliveryTry",
    "Endpoint",
    "Event",
    "EventType",
    "Finding",
    "FindingKind",
    "Findings",
    "KeyReused",
    "Lease",
    "LeaseLost",
    "Made",
    "NotRegistered",
    "RecordRefused",
    "Recorded",
    "Refusal",
    "Registration",
    "RequestInFlight",
    "SchemaOutdated",
    "ShotHistory",
    "ShotState",
    "StoreCorrupt",
    "StoreFull",
    "StoredAnswer",
    "VerdictConflict",
    "Wanting",
    "publish",
    "store_at",
]
