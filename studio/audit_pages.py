"""The audit trail: who did what to whom and when, and whether the trail is whole."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from catalog import AuditFilter
from schemas import Role
from studio.pages import page
from studio.people_pages import catalog_of
from studio.visitors import Allow, Visitor

router = APIRouter()
ADMIN = Depends(Allow(Role.ADMIN))

ACTIONS = (
    "submit", "finish", "pause", "resume", "cancel", "reprioritise", "stop for quality",
    "schedule", "switch schedule", "delete schedule",
    "accept", "reject", "send to review", "review", "withdraw review", "queue again", "give up", "revive",
    "open lot", "close lot", "activate rules",
    "put user", "set password", "issue key", "revoke key",
    "add endpoint", "rotate secret", "enable endpoint", "disable endpoint", "remove endpoint",
    "test endpoint",
    "replay",
)  # fmt: skip
"""The actions that can be chosen from; a test holds them against what the catalog writes."""

SHOWN = 50
"""Sentences about a broken trail that are shown; the first ones tell the most."""

Word = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Asked:
    """The filter as it stands in the address; days are UTC, and both count."""

    subject: str = ""
    actor: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None

    def filter(self) -> AuditFilter:
        """Return what the catalog looks for."""
        return AuditFilter(
            subject=self.subject.strip(),
            actor=self.actor.strip(),
            action=self.action,
            since=_midnight(self.since) if self.since else None,
            until=_midnight(self.until) + timedelta(days=1) if self.until else None,
        )

    def query(self) -> dict[str, str]:
        """Return the parts of the address that are not empty."""
        told = {
            name: str(getattr(self, name) or "") for name in ("subject", "actor", "action", "since", "until")
        }
        return {name: value for name, value in told.items() if value}


@router.get("/audit")
def show(
    request: Request,
    subject: Word = "",
    actor: Word = "",
    action: Word = "",
    since: Word = "",
    until: Word = "",
    before: int | None = None,
    _: Visitor = ADMIN,
) -> Response:
    """List what was done, the newest first."""
    asked = Asked(subject, actor, action, _day(since), _day(until))
    found = catalog_of(request).audit_page(asked.filter(), before=before)
    return page(
        request, "audit.html.j2", asked=asked, found=found, before=before, actions=ACTIONS, told=told_facts
    )


@router.post("/audit/verify")
def verify(request: Request, _: Visitor = ADMIN) -> Response:
    """Follow every chain from its beginning to its end, and say where one does not fit."""
    broken = catalog_of(request).verify_audit()
    return page(
        request, "audit_verified.html.j2", count=len(broken), broken=broken[:SHOWN], at=datetime.now(UTC)
    )


def told_facts(facts: dict[str, Any] | None) -> str:
    """Write the facts of an entry on one line, without the braces."""
    return ", ".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in (facts or {}).items()
    )


def _day(text: str) -> date | None:
    """Read a day as date fields send it; what is none is passed over, as if nothing were filled in."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
