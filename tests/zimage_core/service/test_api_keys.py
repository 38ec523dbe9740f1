"""API keys: who may call what, from the moment a key is made until it is taken away."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from schemas import SettingsInvalid
from schemas.settings import CoreSettings
from tests.zimage_core.service.served import an_app, an_engine
from zimage_core.backends.fake import FakeClock
from zimage_core.errors import KeyRefused
from zimage_core.listening import is_loopback, refuse_open_door
from zimage_core.service import interface
from zimage_core.service.keys import KeyRing, KeyRole, add_key, read_keys
from zimage_core.service.policy import ANYBODY, RULES, rule_for


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys.jsonl"


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_key_is_kept_as_a_hash_that_only_its_owner_can_read(keys: Path) -> None:
    key = add_key(keys, "acme", "render")
    kept = json.loads(keys.read_text())
    assert (kept["tenant"], kept["role"]) == ("acme", "render")
    assert key not in keys.read_text()
    assert key.startswith(kept["prefix"])
    assert keys.stat().st_mode & 0o077 == 0


def test_keys_are_long_and_all_different(keys: Path) -> None:
    made = {add_key(keys, "acme", "render") for _ in range(50)}
    assert len(made) == 50
    assert min(len(key) for key in made) >= 43
    assert len(read_keys(keys)) == 50


@pytest.mark.parametrize(
    ("tenant", "role", "words"),
    [("Acme Ltd", "render", "cannot be called 'Acme Ltd'"), ("acme", "boss", "render, monitor, admin")],
)
def test_a_key_that_cannot_be_is_explained(keys: Path, tenant: str, role: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words):
        add_key(keys, tenant, role)


def test_a_keys_file_that_cannot_be_read_is_named(keys: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        KeyRing(keys)
    keys.write_text('\n{"tenant": 1}\n')
    with pytest.raises(SettingsInvalid, match="line 2"):
        KeyRing(keys)


def test_a_key_taken_out_of_the_file_ends_within_seconds(keys: Path) -> None:
    clock = FakeClock()
    key = add_key(keys, "acme", "render")
    ring = KeyRing(keys, clock)
    assert ring.caller(f"Bearer {key}").tenant == "acme"
    keys.write_text("")
    clock.advance(2)
    with pytest.raises(KeyRefused):
        ring.caller(f"Bearer {key}")
    later = add_key(keys, "acme", "render")
    clock.advance(2)
    assert ring.caller(f"Bearer {later}").role is KeyRole.RENDER


def test_a_file_that_vanished_or_broke_opens_nothing(keys: Path) -> None:
    clock = FakeClock()
    key = add_key(keys, "acme", "admin")
    ring = KeyRing(keys, clock)
    keys.write_text(keys.read_text() + "not json\n")
    clock.advance(2)
    with pytest.raises(KeyRefused):
        ring.caller(f"Bearer {key}")
    keys.unlink()
    clock.advance(2)
    with pytest.raises(KeyRefused):
        ring.caller(f"Bearer {key}")


def test_a_key_expires(keys: Path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    key = add_key(keys, "acme", "render", soon)
    assert KeyRing(keys).caller(f"Bearer {key}").tenant == "acme"
    with pytest.raises(KeyRefused, match="expired"):
        KeyRing(keys, wall_clock=lambda: soon.timestamp() + 1).caller(f"Bearer {key}")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer wrong", "Bearer a b"])
def test_what_is_no_key_is_refused(keys: Path, header: str) -> None:
    add_key(keys, "acme", "admin")
    with pytest.raises(KeyRefused):
        KeyRing(keys).caller(header)


def test_every_address_of_the_service_has_a_rule_and_every_rule_an_address() -> None:
    served = {
        (method.upper(), path) for path, operations in interface()["paths"].items() for method in operations
    }
    ruled = {(rule.method, rule.path) for rule in RULES}
    assert served | {("GET", "/openapi.json")} == ruled


def test_an_address_without_a_rule_is_for_admins_only() -> None:
    assert rule_for("GET", "/v2/new").roles == {KeyRole.ADMIN}
    assert rule_for("POST", "/health").roles == {KeyRole.ADMIN}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.path}")
@pytest.mark.parametrize("role", [None, *KeyRole])
def test_a_role_reaches_what_its_rule_allows_and_nothing_else(
    keys: Path, rule: object, role: KeyRole | None
) -> None:
    key = add_key(keys, "acme", role.value) if role else ""
    keys.touch()
    service = an_app(an_engine(), keys=keys)
    path = rule.path.replace("{model}", "turbo").replace("{name}", "x").replace("{job_id}", "x")
    path = "/health/live" if path.endswith(("/load", "/unload")) and role is KeyRole.ADMIN else path
    method = "GET" if path == "/health/live" else rule.method
    status = service.request(method, path, headers=bearer(key) if key else {}).status_code
    if rule.roles == ANYBODY or role in rule.roles:
        assert status not in {401, 403}
    else:
        assert status == (403 if role else 401)


def service_with(keys: Path) -> TestClient:
    return an_app(an_engine(), keys=keys)


def test_a_refused_key_says_how_to_send_one(keys: Path) -> None:
    keys.touch()
    answer = service_with(keys).post("/v1/renders", content=b"never parsed")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer KEY" in answer.json()["message"]


def test_a_role_that_is_not_enough_is_named(keys: Path) -> None:
    key = add_key(keys, "acme", "render")
    answer = service_with(keys).get("/metrics", headers=bearer(key))
    assert answer.json()["message"] == "The API key's role is render; this request needs admin or monitor."


def test_a_strange_web_page_cannot_use_a_core_without_keys() -> None:
    service = an_app(an_engine())
    assert service.get("/health", headers={"origin": "https://elsewhere.example"}).status_code == 401
    assert service.get("/health", headers={"origin": "http://localhost:3000"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - what must be refused
        ("::", False),
        ("core", False),
        ("10.0.0.1", False),
    ],
)
def test_only_loopback_is_served_without_keys(host: str, is_here: bool, keys: Path) -> None:  # noqa: FBT001 - a case
    assert is_loopback(host) is is_here
    if is_here:
        refuse_open_door(CoreSettings(host=host))
    else:
        with pytest.raises(SettingsInvalid, match=r"Others can reach .*: set PACKSHOT_CORE__KEYS"):
            refuse_open_door(CoreSettings(host=host))
    refuse_open_door(CoreSettings(host=host, keys=keys))
