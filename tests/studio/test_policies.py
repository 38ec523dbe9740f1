"""Who may use which route, whoever asks and however: each route times each kind of visitor."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.types import ASGIApp

from catalog import Catalog
from schemas import Role
from studio.accounts import CatalogAccounts
from studio.app import ROUTERS
from studio.visitors import Door
from tests.studio.routes import TABLE, KnownRoute, every_route, policy_of, table
from tests.studio.visiting import HOST, PASSWORD, Browser, quick_passwords, token_of

ROLES = tuple(role.value for role in Role)
VISITORS = ("nobody", *ROLES, *(f"{role} key" for role in ROLES), "wrong key")
ROUTES = tuple(every_route())
JSON = {"accept": "application/json"}


@pytest.fixture
def visitors(browser: Browser, catalog: Catalog) -> Iterator[dict[str, TestClient]]:
    """A browser of each role with its session, and programs with keys, at one studio."""
    accounts = CatalogAccounts(catalog, quick_passwords())
    app = browser(Door.USERS, accounts=accounts).app
    with ExitStack() as stack:
        clients = {visitor: stack.enter_context(at(app)) for visitor in VISITORS}
        for role in ROLES:
            secret = catalog.issue_key(role, Role(role), "test").secret
            clients[f"{role} key"].headers["authorization"] = f"Bearer {secret}"
            accounts.add(role, Role(role), f"{PASSWORD} long enough", "test")
            client = clients[role]
            given = {"csrf": token_of(client), "name": role, "password": f"{PASSWORD} long enough"}
            assert client.post("/sign-in", data=given).status_code == 303
            client.headers["x-csrf-token"] = token_of(client, "/sign-in")
        clients["wrong key"].headers["authorization"] = "Bearer wrong"
        yield clients


def at(app: ASGIApp) -> TestClient:
    """A client that tells of a broken page by its status, as a browser would see it."""
    return TestClient(app, f"https://{HOST}", raise_server_exceptions=False, follow_redirects=False)


def test_the_table_of_policies_is_the_one_that_was_agreed_on() -> None:
    assert table() == TABLE.read_text(), "python -m tests.studio.routes writes it anew"


def test_a_route_without_a_policy_is_noticed() -> None:
    router = APIRouter()

    @router.get("/open")
    def _open() -> None: ...

    with pytest.raises(LookupError, match="/open declares 0 policies"):
        policy_of(router.routes[0])


def test_every_router_is_walked() -> None:
    assert {route.path for route in ROUTES} == {r.path for router in ROUTERS for r in router.routes}  # type: ignore[attr-defined]  # APIRoutes


def test_each_route_lets_in_who_it_should_and_nobody_else(visitors: dict[str, TestClient]) -> None:
    wrong = []
    for route in sorted(ROUTES, key=lambda known: known.path == "/sign-out"):
        for visitor, client in visitors.items():
            answer = client.request(route.method, route.address, headers=JSON)
            if not (_fits(route, visitor, answer) and _is_guarded(answer)):
                wrong.append(f"{route}: {visitor} got {answer.status_code} {answer.text[:80]}")
    assert wrong == []


def _fits(route: KnownRoute, visitor: str, answer: Response) -> bool:
    role = visitor.removesuffix(" key")
    code = answer.json().get("code", "") if "problem+json" in answer.headers.get("content-type", "") else ""
    if visitor in ("nobody", "wrong key"):
        if route.policy == "public":
            return code not in ("sign_in_needed", "role_missing")
        return (answer.status_code, code) == (401, "sign_in_needed")
    if route.policy == "key":
        return answer.status_code == (200 if visitor.endswith(" key") else 401)
    if not route.lets_in(role):
        return (answer.status_code, code) == (403, "role_missing")
    return answer.status_code < 500 and code not in ("sign_in_needed", "role_missing", "form_expired")


def _is_guarded(answer: Response) -> bool:
    """Tell whether an answer carries the headers that every answer does."""
    policy = answer.headers["content-security-policy"]
    return (
        "default-src 'none'" in policy
        and "unsafe" not in policy
        and answer.headers["x-content-type-options"] == "nosniff"
        and "cache-control" in answer.headers
    )


FOREIGN = (
    {"origin": "https://evil.test"},
    {"origin": "null"},
    {"origin": f"https://{HOST}.evil.test"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)


def test_no_route_takes_a_change_from_another_site(visitors: dict[str, TestClient]) -> None:
    admin = visitors["admin"]
    for number, route in enumerate(one for one in ROUTES if one.changes):
        for headers in FOREIGN if number == 0 else FOREIGN[number % len(FOREIGN) :][:1]:
            answer = admin.request(route.method, route.address, headers={**JSON, **headers})
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), route


def test_no_route_takes_a_change_without_the_sessions_token(visitors: dict[str, TestClient]) -> None:
    admin = visitors["admin"]
    stolen = visitors["operator"].headers["x-csrf-token"]
    for number, route in enumerate(one for one in ROUTES if one.changes):
        for token in ("", stolen, "0" * 64) if number == 0 else ("", stolen)[number % 2 :][:1]:
            answer = admin.request(route.method, route.address, headers={**JSON, "x-csrf-token": token})
            assert (answer.status_code, answer.json()["code"]) == (403, "form_expired"), route


def test_no_route_is_open_to_a_key_that_was_made_for_something_else(
    browser: Browser, catalog: Catalog
) -> None:
    with at(browser(Door.USERS, accounts=CatalogAccounts(catalog, quick_passwords())).app) as client:
        _try_narrow_keys(client, catalog)


def _try_narrow_keys(client: TestClient, catalog: Catalog) -> None:
    narrow = catalog.issue_key("narrow", Role.ADMIN, "test", scopes=("rules",)).secret
    reading = catalog.issue_key("reading", Role.ADMIN, "test", scopes=("read",)).secret
    for route in ROUTES:
        if route.policy == "public":
            continue
        narrowed = {**JSON, "authorization": f"Bearer {narrow}"}
        answer = client.request(route.method, route.address, headers=narrowed)
        refused = answer.status_code == 403 and answer.json()["code"] == "scope_missing"
        assert refused is not route.path.startswith("/api/rules"), route
        if route.changes:
            read_only = {**JSON, "authorization": f"Bearer {reading}"}
            answer = client.request(route.method, route.address, headers=read_only)
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), route
