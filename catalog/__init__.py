"""The record of truth: campaigns, attempts, verdicts, masters, renditions, and their pictures."""

from catalog.access import ApiKey, IssuedKey, User
from catalog.alarms import Alarm
from catalog.assignments import Assignment, Waiting
from catalog.audit import AuditEntry
from catalog.campaign_lists import CampaignLine, CampaignPage
from catalog.campaigns import Campaign, Registration
from catalog.catalog import Catalog
from catalog.deliveries import Delivery, DeliveryRecord, DeliveryTry
from catalog.delivery_lists import DeliveryLine, DeliveryPage
from catalog.endpoints import Endpoint
from catalog.errors import (
    AccessRefused,
    CatalogError,
    CatalogUnavailable,
    InspectionStopped,
    IntakeClosed,
    KeyReused,
    LeaseLost,
    NothingToInspect,
    NotRegistered,
    OwnWork,
    PictureGone,
    RecordRefused,
    RequestInFlight,
    ScheduleInvalid,
    SchemaOutdated,
    StoreCorrupt,
    StoreFull,
    VerdictConflict,
)
from catalog.events import Event, EventType
from catalog.exports import publish
from catalog.finding_shots import Choices, ShotCard, ShotFilter, ShotPage, ShotSort
from catalog.findings import Finding, FindingKind, Findings
from catalog.histories import CampaignSummary, CampaignWork, ShotHistory
from catalog.intake import Room
from catalog.judgements import Judgements
from catalog.leases import HEARTBEAT_S as HEARTBEAT_S
from catalog.leases import LEASE_S as LEASE_S
from catalog.leases import Lease
from catalog.lot_findings import LotHead, LotPicture
from catalog.lots import Lot, LotMember
from catalog.measures import AttemptCount, Measures
from catalog.passwords import Credentials
from catalog.production import MadeInSpan, PersonVerdict, Queued
from catalog.recording import Made, Recorded, Refusal
from catalog.renditions import Wanting
from catalog.requests import StoredAnswer
from catalog.results import Result, Stock
from catalog.reviews import Defect, Review
from catalog.rule_figures import RuleExample, RuleFigures
from catalog.rule_tables import KeptTables, RuleActivation
from catalog.schedules import Schedule
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
from catalog.stories import Decision, ShotStory
from catalog.tallies import CampaignFigures, ReasonCount
from catalog.trails import AuditFilter, AuditLine, AuditPage
from schemas import Role

__all__ = [
    "AccessRefused",
    "Alarm",
    "ApiKey",
    "AssetStore",
    "Assignment",
    "AttemptCount",
    "AuditEntry",
    "AuditFilter",
    "AuditLine",
    "AuditPage",
    "Campaign",
    "CampaignFigures",
    "CampaignLine",
    "CampaignPage",
    "CampaignState",
    "CampaignSummary",
    "CampaignWork",
    "Catalog",
    "CatalogError",
    "CatalogUnavailable",
    "Choices",
    "Credentials",
    "Decision",
    "Defect",
    "Delivery",
    "DeliveryLine",
    "DeliveryPage",
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
    "InspectionStopped",
    "IntakeClosed",
    "IssuedKey",
    "Judgements",
    "KeptTables",
    "KeyReused",
    "Lease",
    "LeaseLost",
    "Lot",
    "LotHead",
    "LotMember",
    "LotPicture",
    "LotState",
    "Made",
    "MadeInSpan",
    "Measures",
    "NotRegistered",
    "NothingToInspect",
    "Origin",
    "OwnWork",
    "PersonVerdict",
    "PictureGone",
    "Queued",
    "ReasonCount",
    "RecordRefused",
    "Recorded",
    "Refusal",
    "Registration",
    "RequestInFlight",
    "Result",
    "Review",
    "Role",
    "Room",
    "RuleActivation",
    "RuleExample",
    "RuleFigures",
    "Schedule",
    "ScheduleInvalid",
    "SchemaOutdated",
    "Severity",
    "ShotCard",
    "ShotFilter",
    "ShotHistory",
    "ShotPage",
    "ShotSort",
    "ShotState",
    "ShotStory",
    "Stock",
    "StoreCorrupt",
    "StoreFull",
    "StoredAnswer",
    "User",
    "VerdictConflict",
    "Waiting",
    "Wanting",
    "publish",
    "store_at",
]
