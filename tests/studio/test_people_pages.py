"""What administrators do with people, keys, webhooks and the trail: by page and by program alike."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from catalog import Catalog, EventType
from schemas import Locale, Role
from studio.accounts import CatalogAccounts
from studio.audit_pages import ACTIONS
from studio.language import words
from studio.visitors import Door
from tests.studio.visiting import Browser, token_of

ROOM = Path(__file__).resolve().parents[2] / "catalog"
HOOK = "https://shop.example.com/hook"
JSON = {"accept": "application/json"}


@pytest.fixture
def page(browser: Browser) -> TestClient:
    """A browser at an open studio, with the token of its session."""
    client = browser()
    client.headers["x-csrf-token"] = token_of(client, "/people")
    return client


def secret_in(answer: str) -> str:
    found = re.search(r'id="secret">([^<]+)<', answer)
    assert found
    return found.group(1)


def test_an_empty_studio_says_what_to_do_next(page: TestClient) -> None:
    for address, words_of_it in (
        ("/people", "Add yourself as an administrator"),
        ("/keys", "There are no keys yet"),
        ("/webhooks", "Nobody is told yet"),
        ("/deliveries", "Nothing was sent here"),
        ("/audit", "No entry fits"),
    ):
        assert words_of_it in page.get(address).text


def test_a_person_is_added_with_a_password_that_is_shown_once(page: TestClient, catalog: Catalog) -> None:
    answer = page.post("/people", data={"name": "li.ming", "role": "reviewer"})
    secret = secret_in(answer.text)
    assert len(secret) >= 12
    assert secret not in page.get("/people").text
    assert catalog.user("li.ming").role is Role.REVIEWER
    assert secret not in (catalog.credentials("li.ming").password or "")


def test_a_second_person_of_one_name_is_refused(page: TestClient) -> None:
    page.post("/people", data={"name": "ann", "role": "admin"})
    answer = page.post("/people", data={"name": "ann", "role": "operator"})
    assert answer.status_code == 422
    assert "already" in answer.text


def test_a_person_is_locked_out_let_in_again_and_given_another_role(
    page: TestClient, catalog: Catalog
) -> None:
    page.post("/people", data={"name": "bob", "role": "operator"})
    page.post("/people/lock", data={"name": "bob"})
    assert not catalog.user("bob").active
    page.post("/people/unlock", data={"name": "bob"})
    page.post("/people/role", data={"name": "bob", "role": "reviewer"})
    assert (catalog.user("bob").active, catalog.user("bob").role) == (True, Role.REVIEWER)
    assert page.post("/people/lock", data={"name": "nobody"}).status_code == 404


def test_the_last_administrator_is_told_why_they_stay(page: TestClient, catalog: Catalog) -> None:
    page.post("/people", data={"name": "ann", "role": "admin"})
    for action, more in (("lock", {}), ("role", {"role": "operator"})):
        answer = page.post(f"/people/{action}", data={"name": "ann", **more})
        assert answer.status_code == 422
        assert "last administrator" in answer.text
    assert catalog.user("ann").active


def test_a_key_is_shown_once_limited_and_revoked(page: TestClient, catalog: Catalog) -> None:
    given = {"name": "ERP", "role": "operator", "days": "30", "scopes": ["forms", "read"]}
    secret = secret_in(page.post("/keys", data=given).text)
    key = catalog.key_of(secret)
    assert (key.scopes, key.role) == (("forms", "read"), Role.OPERATOR)
    assert secret not in page.get("/keys").text
    page.post("/keys/revoke", data={"key": key.id})
    assert catalog.keys()[0].revoked_at is not None
    assert "revoked" in page.get("/keys").text


def test_an_unknown_scope_is_named(page: TestClient) -> None:
    answer = page.post("/keys", data={"name": "ERP", "role": "operator", "scopes": "everything"})
    assert answer.status_code == 422
    assert "no scope" in answer.text


def test_a_receiver_is_added_tried_out_switched_and_removed(page: TestClient, catalog: Catalog) -> None:
    secret = secret_in(page.post("/webhooks", data={"url": HOOK, "types": ["shot.dead"]}).text)
    assert secret.startswith("whsec_")
    (endpoint,) = catalog.endpoints()
    assert (endpoint.secrets, endpoint.event_types) == ((secret,), (EventType.SHOT_DEAD,))
    one = {"endpoint": endpoint.id}
    assert secret_in(page.post("/webhooks/rotate", data=one).text) == catalog.endpoints()[0].secrets[0]
    assert page.post("/webhooks/test", data=one).status_code == 303
    assert "waiting" in page.get("/deliveries").text
    page.post("/webhooks/disable", data=one)
    assert page.post("/webhooks/test", data=one).status_code == 422
    assert "switched off" in page.get("/webhooks").text
    page.post("/webhooks/enable", data=one)
    assert page.post("/webhooks/remove", data=one).status_code == 422
    page.post("/webhooks/disable", data=one)
    assert page.post("/webhooks/remove", data=one).status_code == 303
    assert catalog.endpoints() == ()


@pytest.mark.parametrize(
    "url",
    ["http://shop.example.com/", "https://10.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/",
     "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest", "https://user@shop.example.com/",
     "https://shop.example.com:8443/", "ftp://shop.example.com/", "https://", "nonsense", "https://[", "javascript:1"],
)  # fmt: skip
def test_a_receiver_at_a_private_or_odd_address_is_refused_in_a_sentence(
    page: TestClient, catalog: Catalog, url: str
) -> None:
    answer = page.post("/webhooks", data={"url": url, "types": ["shot.dead"]})
    assert answer.status_code == 422
    assert 'role="alert">' in answer.text
    assert page.post("/api/webhooks", json={"url": url}, headers=JSON).json()["code"] == "egress_refused"
    assert catalog.endpoints() == ()


def test_a_delivery_that_was_given_up_is_sent_again(page: TestClient, catalog: Catalog) -> None:
    endpoint = catalog.add_endpoint(HOOK, "whsec_1", "ann")
    catalog.tell_test(endpoint.id, "ann")
    (delivery,) = catalog.claim_deliveries("sender", 1)
    catalog.undelivered(delivery, "The receiver answered 500.", None, 500)
    assert "given up" in page.get("/deliveries?state=given_up").text
    page.post("/deliveries/replay", data={"delivery": delivery.id})
    assert len(catalog.claim_deliveries("sender", 1)) == 1


def test_the_trail_is_narrowed_and_verified(page: TestClient, catalog: Catalog) -> None:
    page.post("/people", data={"name": "ann", "role": "admin"})
    page.post("/keys", data={"name": "ERP", "role": "operator"})
    text_of = page.get("/audit?action=put+user&subject=user+ann").text
    assert "set a role or lock" in text_of
    assert "pk_" not in text_of
    assert "No entry fits" in page.get("/audit?since=2100-01-01").text
    assert "The trail is whole" in page.post("/audit/verify").text
    with catalog._database.writing() as session:
        for trigger in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f'DROP TRIGGER "{trigger}"'))
        session.execute(text("UPDATE audit SET actor = 'mallory' WHERE action = 'issue key'"))
    answer = page.post("/audit/verify").text
    assert "1 places do not fit" in answer
    assert "does not fit at entry 1" in answer


def test_every_action_that_the_catalog_writes_has_its_words() -> None:
    source = "".join(path.read_text() for path in sorted(ROOM.glob("*.py")))
    written = set(re.findall(r'(?:note|move|change|withdraw|move_campaign)\([^()]*?"([a-z ]+)"', source))
    known = set(ACTIONS)
    assert written - {"catalog", "state", "enabled", "sender", "child"} <= known
    for locale in Locale:
        told = words(locale).phrases
        assert {f"audit_action.{action}" for action in ACTIONS} <= told.keys()


def test_every_scope_and_event_has_its_words(page: TestClient) -> None:
    scopes = page.app.state.scopes  # type: ignore[attr-defined]  # a FastAPI application
    for locale in Locale:
        told = words(locale).phrases
        assert {f"scope.{scope}" for scope in scopes} <= told.keys()
        assert {f"event_type.{kind}" for kind in EventType} <= told.keys()
        assert {f"role.{role}" for role in Role} <= told.keys()


def test_a_program_does_what_the_pages_do(browser: Browser, catalog: Catalog) -> None:
    secret = catalog.issue_key("admin", Role.ADMIN, "test").secret
    client = browser(Door.USERS, accounts=CatalogAccounts(catalog))
    client.headers.update({"authorization": f"Bearer {secret}", "accept": "application/json"})
    added = client.post("/api/users", json={"name": "ann", "role": "admin"})
    assert added.status_code == 201
    assert len(added.json()["password"]) >= 12
    assert client.patch("/api/users/ann", json={"active": False}).json()["detail"].endswith("one first.")
    assert [user["name"] for user in client.get("/api/users").json()["users"]] == ["ann"]
    made = client.post("/api/keys", json={"name": "ERP", "role": "operator", "scopes": ["forms"]}).json()
    assert catalog.key_of(made["secret"]).id == made["key"]["id"]
    assert client.delete(f"/api/keys/{made['key']['id']}").json()["revoked_at"] is not None
    receiver = client.post("/api/webhooks", json={"url": HOOK}).json()["receiver"]
    assert "secrets" not in receiver
    assert client.post(f"/api/webhooks/{receiver['id']}/test").status_code == 202
    (line,) = client.get("/api/webhooks/deliveries").json()["lines"]
    assert line["type"] == "webhook.test"
    assert client.post(f"/api/webhooks/deliveries/{line['id']}/replay").status_code == 204
    assert client.patch(f"/api/webhooks/{receiver['id']}", json={"enabled": False}).json()["enabled"] is False
    assert client.delete(f"/api/webhooks/{receiver['id']}").status_code == 204
    trail = client.get("/api/audit?actor=admin").json()["lines"]
    assert {line["action"] for line in trail} >= {"put user", "issue key", "revoke key", "add endpoint"}
    assert client.post("/api/audit/verify").json() == {"whole": True, "broken": []}


def test_where_a_proxy_says_who_asks_no_password_is_offered(browser: Browser, catalog: Catalog) -> None:
    catalog.put_user("ann", Role.ADMIN, "test")
    given = {"proxies": {"testclient"}, "proxy_roles": lambda _: frozenset({Role.ADMIN})}
    client = browser(Door.PROXY, **given)
    client.headers["x-forwarded-user"] = "ann"
    assert "New password" not in client.get("/people").text
    assert "not kept here" in client.get("/password").text


def test_the_api_is_described_without_a_foreign_script(page: TestClient) -> None:
    told = page.get("/docs").text
    assert "/api/audit/verify" in told
    assert '<script src="/static' in told
    assert "cdn" not in told
    document = page.get("/openapi.json").json()
    assert not [path for path in document["paths"] if path.startswith("/people")]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
