"""Endpoints: who wants to hear of events, and with which secret they are told."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered
from catalog.events import EventType
from catalog.insertion import insert_missing
from catalog.journal import Journal
from catalog.outbox_rows import EndpointRow
from schemas import Schema, content_id

SECRETS_KEPT = 2
"""While receivers change to the newest secret, messages are signed with the one before as well."""


class Endpoint(Schema):
    """A webhook receiver; `secrets` are for signing only, the newest first.

    `failures` counts tries that failed in a row; before `paused_until` nothing is sent there.
    """

    id: str
    url: str
    secrets: tuple[str, ...]
    event_types: tuple[EventType, ...]
    enabled: bool
    failures: int
    paused_until: datetime | None


def add(session: Session, url: str, secret: str, by: str, events: Collection[EventType]) -> Endpoint:
    """Add an endpoint, or return the one that is there at this address."""
    endpoint_id = content_id("endpoint", url)
    wanted = sorted(events)
    row = {"id": endpoint_id, "url": url, "secrets": [secret], "event_types": wanted, "enabled": True}
    known = session.get(EndpointRow, endpoint_id)
    if known is None:
        insert_missing(session, EndpointRow, [{**row, "failures": 0}])
        journal = Journal(session)
        journal.note(endpoint_id, by, "add endpoint", None, {"url": url, "events": wanted})
        journal.close()
    return endpoint(held(session, endpoint_id))


def change(session: Session, endpoint_id: str, by: str, action: str, **values: Any) -> Endpoint:
    """Change an endpoint's columns and note it, without its secrets; raises NotRegistered."""
    row = held(session, endpoint_id)
    before = {name: _told(name, getattr(row, name)) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    journal = Journal(session)
    after = {name: _told(name, value) for name, value in values.items()}
    journal.note(endpoint_id, by, action, before, after)
    journal.close()
    return endpoint(row)


def rotate(session: Session, endpoint_id: str, secret: str, by: str) -> Endpoint:
    """Put a new secret before the old one; what is signed from now on fits both."""
    row = held(session, endpoint_id)
    if row.secrets[0] == secret:
        return endpoint(row)
    kept = [secret, *row.secrets][:SECRETS_KEPT]
    return change(session, endpoint_id, by, "rotate secret", secrets=kept)


def endpoints(session: Session) -> tuple[Endpoint, ...]:
    """List all endpoints by their address."""
    return tuple(endpoint(row) for row in session.scalars(select(EndpointRow).order_by(EndpointRow.url)))


def held(session: Session, endpoint_id: str) -> EndpointRow:
    """Lock an endpoint until the commit; raises NotRegistered."""
    row = session.scalar(select(EndpointRow).where(EndpointRow.id == endpoint_id).with_for_update())
    if row is None:
        raise NotRegistered(f"There is no endpoint {endpoint_id}.")
    return row


def endpoint(row: EndpointRow) -> Endpoint:
    """Turn a row into its schema."""
    return Endpoint.model_validate({name: getattr(row, name) for name in Endpoint.model_fields})


def _told(name: str, value: Any) -> Any:
    """Say a column's value on the audit trail, secrets by their number only."""
    if name == "secrets":
        return len(value)
    return value.isoformat() if isinstance(value, datetime) else value
