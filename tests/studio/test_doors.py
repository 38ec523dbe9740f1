"""Who gets in: sessions, keys, roles, and what comes from another site."""

import pytest

from schemas import Role
from studio.app import ROUTERS
from studio.sign_in import own_path
from studio.visitors import Allow, Door, Public
from tests.studio.visiting import Browser, signed_in, token_of

OUTSIDE = {"/static"}


def test_every_route_says_who_may_come_in(browser: Browser) -> None:
    own = [route for router in ROUTERS for route in router.routes]
    assert own
    for route in own:
        calls = [one.call for one in route.dependant.dependencies]  # type: ignore[attr-defined]  # an APIRoute
        assert any(isinstance(call, Allow | Public) for call in calls), route
    beside = {route.path for route in browser().app.routes if hasattr(route, "path")}  # type: ignore[attr-defined]  # ours
    assert beside == OUTSIDE


def test_without_users_everybody_may_come_in_and_is_told_so(browser: Browser) -> None:
    answer = browser().get("/forms/new")
    assert answer.status_code == 200
    assert "anybody on this machine" in answer.text


def test_with_users_a_stranger_is_sent_to_sign_in(browser: Browser) -> None:
    answer = browser(Door.USERS).get("/forms/new")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/forms/new")


def test_a_program_without_a_key_gets_a_problem_not_a_page(browser: Browser) -> None:
    answer = browser(Door.USERS).get("/forms/new", headers={"accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "sign_in_needed"


def test_the_right_password_opens_and_signing_out_closes(browser: Browser) -> None:
    client = signed_in(browser(Door.USERS), "operator")
    assert client.get("/forms/new").status_code == 200
    client.post("/sign-out")
    assert client.get("/forms/new").status_code == 303


def test_a_wrong_password_is_refused_in_a_sentence(browser: Browser) -> None:
    client = browser(Door.USERS)
    answer = client.post("/sign-in", data={"csrf": token_of(client), "name": "operator", "password": "wrong"})
    assert answer.status_code == 401
    assert "do not fit" in answer.text


def test_a_reviewer_may_not_submit_forms(browser: Browser) -> None:
    client = signed_in(browser(Door.USERS), "reviewer")
    answer = client.get("/forms/new")
    assert answer.status_code == 403
    assert "roles do not allow" in answer.text


def test_a_key_needs_no_session(browser: Browser) -> None:
    client = browser(Door.USERS)
    assert client.get("/forms/new", headers={"authorization": "Bearer good-key"}).status_code == 200
    assert client.get("/forms/new", headers={"authorization": "Bearer bad-key"}).status_code == 303


def test_a_wrong_key_opens_not_even_an_open_door(browser: Browser) -> None:
    assert browser().get("/forms/new", headers={"authorization": "Bearer bad-key"}).status_code == 303


def test_a_form_without_its_sessions_token_is_refused(browser: Browser) -> None:
    client = browser()
    client.get("/forms/new")
    assert client.post("/forms/preview", data={"sku": "A1"}).status_code == 403
    other = browser()
    foreign = token_of(other)
    assert client.post("/forms/preview", data={"sku": "A1", "csrf": foreign}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_change_from_another_site_is_refused(browser: Browser, headers: dict[str, str]) -> None:
    client = browser()
    answer = client.post("/language", data={"language": "zh", "csrf": token_of(client)}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_another_host_name_is_not_answered(browser: Browser) -> None:
    answer = browser().get("/forms/new", headers={"host": "evil.test"})
    assert answer.status_code == 421


def test_a_proxy_is_believed_only_from_its_own_address(browser: Browser) -> None:
    given = {"proxy_roles": lambda _: frozenset({Role.OPERATOR})}
    header = {"x-forwarded-user": "ann"}
    inside = browser(Door.PROXY, proxies={"testclient"}, **given)
    assert inside.get("/forms/new", headers=header).status_code == 200
    outside = browser(Door.PROXY, proxies={"10.0.0.1"}, **given)
    assert outside.get("/forms/new", headers=header).status_code == 303


def test_every_answer_carries_the_security_headers(browser: Browser) -> None:
    client = browser()
    for address in ("/forms/new", "/nowhere", "/static/studio.css"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_cookie_is_locked_to_this_site(browser: Browser) -> None:
    cookie = browser().get("/forms/new").headers["set-cookie"]
    for word in ("__Host-packshot=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in cookie


def test_too_large_an_upload_is_refused_before_it_is_read(browser: Browser) -> None:
    client = browser()
    answer = client.post("/forms/preview", content=b"x", headers={"content-length": str(2**30)})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "address", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "", "/a\nb"]
)
def test_signing_in_leads_nowhere_else(address: str) -> None:
    assert own_path(address) == "/"
