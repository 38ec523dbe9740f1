"""What one tenant may ask of the core, and that others do not feel it."""

from pathlib import Path

import pytest

from tests.factories import a_job
from tests.zimage_core.service.conftest import Serve
from tests.zimage_core.service.served import Gate, an_app, an_engine, through
from zimage_core.backends.fake import FakeBackend, FakeClock
from zimage_core.errors import QuotaReached
from zimage_core.service.keys import add_key
from zimage_core.service.quotas import Quotas


def test_a_minutes_requests_may_come_at_once_and_then_one_by_one() -> None:
    clock = FakeClock()
    quotas = Quotas(per_minute=6, in_flight=None, clock=clock)
    for _ in range(6):
        quotas.enter("acme")
    with pytest.raises(QuotaReached) as refusal:
        quotas.enter("acme")
    assert refusal.value.context["retry_after_s"] == 10
    clock.advance(10)
    quotas.enter("acme")
    with pytest.raises(QuotaReached):
        quotas.enter("acme")


def test_a_bucket_holds_no_more_than_a_minute() -> None:
    clock = FakeClock()
    quotas = Quotas(per_minute=2, in_flight=None, clock=clock)
    clock.advance(3600)
    quotas.enter("acme")
    quotas.enter("acme")
    with pytest.raises(QuotaReached):
        quotas.enter("acme")


def test_one_tenants_requests_are_not_anothers() -> None:
    quotas = Quotas(per_minute=1, in_flight=1)
    quotas.enter("acme")
    with pytest.raises(QuotaReached, match="1 requests of this tenant are under way"):
        quotas.enter("acme")
    quotas.enter("globex")


def test_who_left_makes_room() -> None:
    quotas = Quotas(per_minute=None, in_flight=1)
    quotas.enter("acme")
    quotas.leave("acme")
    quotas.enter("acme")


def test_without_limits_nobody_is_counted_out() -> None:
    quotas = Quotas(per_minute=None, in_flight=None)
    for _ in range(10_000):
        quotas.enter("acme")


def test_a_tenant_over_its_rate_is_told_when_to_come_back(serve: Serve, tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    acme, globex = add_key(keys, "acme", "render"), add_key(keys, "globex", "render")
    admin = {"authorization": f"Bearer {add_key(keys, 'house', 'admin')}"}
    service = serve(an_engine(), keys=keys, tenant_per_minute=1)
    through(service, key=acme).render(a_job(0))
    with pytest.raises(QuotaReached) as refusal:
        through(service, key=acme).render(a_job(1))
    assert 0 < refusal.value.context["retry_after_s"] <= 60
    through(service, key=globex).render(a_job(1))
    assert 'rejections_total{reason="quota_reached"} 1.0' in service.get("/metrics", headers=admin).text
    assert service.get("/v1/models", headers={"authorization": f"Bearer {acme}"}).status_code == 200


def test_device_seconds_are_booked_to_the_tenant(serve: Serve, tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    acme = add_key(keys, "acme", "render")
    watcher = {"authorization": f"Bearer {add_key(keys, 'house', 'monitor')}"}
    service = serve(an_engine(), keys=keys)
    through(service, key=acme).render(a_job(0))
    assert 'device_seconds_total{tenant="acme"}' in service.get("/metrics", headers=watcher).text


def test_a_tenant_cannot_withdraw_anothers_job(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    acme, globex = add_key(keys, "acme", "render"), add_key(keys, "globex", "render")
    engine = an_engine()
    engine.load()
    service = an_app(engine, keys=keys)
    ticket = engine.submit(a_job(), "acme")
    path = f"/v1/renders/{ticket.id}"
    assert service.delete(path, headers={"authorization": f"Bearer {globex}"}).status_code == 404
    assert service.delete(path, headers={"authorization": f"Bearer {acme}"}).status_code == 200


def test_one_tenants_flood_does_not_shut_the_door_on_another(
    serve: Serve, tmp_path: Path, gate: Gate
) -> None:
    keys = tmp_path / "keys.jsonl"
    acme, globex = (
        {"authorization": f"Bearer {add_key(keys, tenant, 'render')}"} for tenant in ("acme", "globex")
    )
    engine = an_engine(FakeBackend(on_step=gate), queue_limit=4)
    service = serve(engine, keys=keys)
    engine.submit(a_job(0), "acme")
    assert gate.entered.wait(10)
    for number in range(1, 5):
        engine.submit(a_job(number), "acme")
    assert service.post("/v1/renders", content=b"not parsed", headers=acme).status_code == 429
    assert service.post("/v1/renders", content=b"parsed", headers=globex).status_code == 422
