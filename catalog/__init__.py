"""The record of truth: campaigns, attempts, verdicts, masters, renditions, and their pictures."""

from catalog.catalog import Catalog
from catalog.errors import (
    CatalogError,
    CatalogUnavailable,
    LeaseLost,
    NotRegistered,
    RecordRefused,
    SchemaOutdated,
    StoreCorrupt,
    StoreFull,
    VerdictConflict,
)
from catalog.histories import CampaignSummary, ShotHistory
from catalog.states import ShotState
from catalog.store import AssetStore

__all__ = [
    "AssetStore",
    "CampaignSummary",
    "Catalog",
    "CatalogError",
    "CatalogUnavailable",
    "LeaseLost",
    "NotRegistered",
    "RecordRefused",
    "SchemaOutdated",
    "ShotHistory",
    "ShotState",
    "StoreCorrupt",
    "StoreFull",
    "VerdictConflict",
]
