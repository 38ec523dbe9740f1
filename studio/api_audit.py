"""REST for administrators: the audit trail."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Field

from catalog import AuditFilter, AuditPage
from schemas import Role, Schema
from studio.people_pages import catalog_of
from studio.visitors import Allow, Visitor

router = APIRouter(prefix="/api/audit", tags=["audit trail"])
ADMIN = Depends(Allow(Role.ADMIN))

LARGEST = 2**53
"""The largest whole number that every program reads exactly; both databases take it."""


class Verified(Schema):
    """What following every chain from beginning to end came to."""

    whole: bool
    broken: tuple[str, ...]
    """A sentence for each place that does not fit."""


class AuditQuery(Schema):
    """Which entries are looked for; times need a zone, `since` counts and `until` does not."""

    subject: str = Field(default="", max_length=200)
    actor: str = Field(default="", max_length=200)
    action: str = Field(default="", max_length=100)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    before: int | None = Field(default=None, ge=1, le=LARGEST)
    limit: int = Field(default=60, ge=1, le=500)


@router.get("")
def trail(request: Request, wanted: Annotated[AuditQuery, Query()], _: Visitor = ADMIN) -> AuditPage:
    """List what was done by anybody to anything, the newest first; `before` is the page before's `older`."""
    asked = AuditFilter.model_validate(wanted.model_dump(exclude={"before", "limit"}))
    return catalog_of(request).audit_page(asked, before=wanted.before, limit=wanted.limit)


@router.post("/verify")
def verify(request: Request, _: Visitor = ADMIN) -> Verified:
    """Follow every chain and say where one was changed, cut or bypassed."""
    broken = catalog_of(request).verify_audit()
    return Verified(whole=not broken, broken=broken)
