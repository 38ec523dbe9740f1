"""Requests that may arrive twice: the first is answered, the others are told the same answer."""

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.columns import moment
from catalog.errors import KeyReused, NotRegistered, RequestInFlight
from catalog.request_rows import RequestRow
from schemas import Schema

KEPT_S = 24 * 3600.0
"""How long an answer is kept, as Stripe does."""

IN_FLIGHT_S = 60.0
"""After this time a request without an answer is taken to have died with its server."""


class StoredAnswer(Schema):
    """What a request was answered: the HTTP status and the body as text."""

    status: int
    body: str


def begin(session: Session, tenant: str, key: str, digest: str) -> StoredAnswer | None:
    """Take a request up (None), or return what the same one was answered.

    Raises KeyReused when the key came with another request, RequestInFlight while the first one is at work.
    """
    now = moment(session)
    session.execute(delete(RequestRow).where(RequestRow.expires_at <= now))
    known = session.scalar(_one(tenant, key))
    if known is None:
        _take_up(session, tenant, key, digest, now)
        return None
    if known.digest != digest:
        raise KeyReused(key=key)
    if known.status is not None:
        return StoredAnswer(status=known.status, body=known.body or "")
    if known.started_at > now - timedelta(seconds=IN_FLIGHT_S):
        raise RequestInFlight(key=key)
    known.started_at = now
    return None


def finish(session: Session, tenant: str, key: str, answer: StoredAnswer) -> None:
    """Keep the answer to a request that was taken up; raises NotRegistered for another."""
    known = session.scalar(_one(tenant, key))
    if known is None:
        raise NotRegistered("This request was not taken up, or its answer has expired.", key=key)
    known.status, known.body = answer.status, answer.body


def drop(session: Session, tenant: str, key: str) -> None:
    """Forget a request that came to nothing, so that its key may be used for a better one."""
    session.execute(
        delete(RequestRow).where(
            RequestRow.tenant == tenant, RequestRow.key == key, RequestRow.status.is_(None)
        )
    )


def _take_up(session: Session, tenant: str, key: str, digest: str, now: datetime) -> None:
    row = {"tenant": tenant, "key": key, "digest": digest, "started_at": now}
    try:
        with session.begin_nested():
            session.execute(insert(RequestRow).values(**row, expires_at=now + timedelta(seconds=KEPT_S)))
    except IntegrityError as error:
        # Its twin was faster by a moment.
        raise RequestInFlight(key=key) from error


def _one(tenant: str, key: str) -> Select[RequestRow]:
    return select(RequestRow).where(RequestRow.tenant == tenant, RequestRow.key == key).with_for_update()
