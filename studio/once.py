"""Answering a request that comes twice as it was answered the first time: the Idempotency-Key."""

from collections.abc import Callable

from pydantic import BaseModel

from catalog import Catalog, StoredAnswer
from schemas import canonical_json, sha256_hex


def once(
    catalog: Catalog, tenant: str, key: str | None, asked: BaseModel, make: Callable[[], tuple[int, str]]
) -> StoredAnswer:
    """Return what `make` answers (status and JSON), or what it answered to the same request before.

    Without a key it is always made. Whatever `make` raises is not kept, so that its key may come again.
    Raises KeyReused for a key that came with another request, RequestInFlight while its twin is at work.
    """
    if key is None:
        return _made(make)
    digest = sha256_hex(canonical_json(asked.model_dump(mode="json")))
    stored = catalog.begin_request(tenant, key, digest)
    if stored is not None:
        return stored
    try:
        answer = _made(make)
    except BaseException:
        catalog.drop_request(tenant, key)
        raise
    catalog.finish_request(tenant, key, answer.status, answer.body)
    return answer


def _made(make: Callable[[], tuple[int, str]]) -> StoredAnswer:
    status, body = make()
    return StoredAnswer(status=status, body=body)
