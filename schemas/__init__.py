"""Shapes that every room shares: forms, prompts, jobs, records, ids, errors and settings."""

from schemas.errors import (
    AssetError,
    FormInvalid,
    SettingsInvalid,
    SheetUnreadable,
    error_classes,
    revive,
)
from schemas.forms import Locale, ProductForm, Shot, ShotType, shots_of
from schemas.identity import canonical_json, content_id, content_seed, sha256_hex
from schemas.people import Role
from schemas.prompts import Claim, ClaimOption, PromptSpec, TraceEntry
from schemas.records import (
    Attempt,
    DecidedBy,
    Failure,
    Master,
    Outcome,
    Verdict,
)
from schemas.rendering import (
    ClaimScore,
    Preset,
    Provenance,
    RenderJob,
    RenderResult,
    Scores,
    Variant,
)
from schemas.renditions import (
    Confidence,
    Fit,
    LabelDecision,
    LabelPolicy,
    LetteringRecord,
    Rendition,
    RenditionSpec,
    TextPolicy,
)
from schemas.settings import Settings, settings_from
from schemas.shape import Schema

__all__ = [
    "AssetError",
    "Attempt",
    "Claim",
    "ClaimOption",
    "ClaimScore",
    "Confidence",
    "DecidedBy",
    "Failure",
    "Fit",
    "FormInvalid",
    "LabelDecision",
    "LabelPolicy",
    "LetteringRecord",
    "Locale",
    "Master",
    "Outcome",
    "Preset",
    "ProductForm",
    "PromptSpec",
    "Provenance",
    "RenderJob",
    "RenderResult",
    "Rendition",
    "RenditionSpec",
    "Role",
    "Schema",
    "Scores",
    "Settings",
    "SettingsInvalid",
    "SheetUnreadable",
    "Shot",
    "ShotType",
    "TextPolicy",
    "TraceEntry",
    "Variant",
    "Verdict",
    "canonical_json",
    "content_id",
    "content_seed",
    "error_classes",
    "revive",
    "settings_from",
    "sha256_hex",
    "shots_of",
]
