"""Signing in: passwords, how often one may fail, and how sessions end."""

from collections.abc import Callable
from typing import Literal

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from schemas import Role
from studio.accounts import CatalogAccounts, refuse_odd_name
from studio.errors import PasswordRefused, SignInRefused, TooManyTries, UserNameRefused
from studio.passwords import Passwords, refuse_weak
from studio.sessions import IDLE_S, LIFETIME_S, RENEWAL_S, Sessions
from studio.throttle import LIMITS, REMEMBERED, WINDOW_S, Throttle
from studio.visitors import Door
from tests.studio.visiting import HOST, Browser, quick_passwords, token_of

GOOD = "correct horse battery"
BETTER = "another staple of mine"
HOME = "192.0.2.1"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(catalog: Catalog, clock: Clock) -> CatalogAccounts:
    made = CatalogAccounts(catalog, quick_passwords(), Throttle(clock))
    made.add("ann", Role.ADMIN, GOOD, "test")
    return made


@pytest.fixture
def enter(browser: Browser, accounts: CatalogAccounts) -> Callable[..., TestClient]:
    def entered(password: str = GOOD) -> TestClient:
        client = browser(Door.USERS, accounts=accounts)
        given = {"csrf": token_of(client), "name": "ann", "password": password}
        assert client.post("/sign-in", data=given).status_code == 303
        client.headers["x-csrf-token"] = token_of(client)
        return client

    return entered


def is_in(client: TestClient) -> bool:
    return client.get("/people").status_code == 200


def test_the_default_parameters_are_those_of_the_standard() -> None:
    digest = Passwords().hashed(GOOD)
    assert digest.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_only_the_right_password_of_an_active_person_signs_in(accounts: CatalogAccounts) -> None:
    assert accounts.sign_in("ann", GOOD, HOME).name == "ann"
    for name, password in (("ann", BETTER), ("bob", GOOD), ("", ""), ("ann", "")):
        with pytest.raises(SignInRefused):
            accounts.sign_in(name, password, HOME)
    accounts.add("bob", Role.OPERATOR, GOOD, "ann")
    accounts.catalog.put_user("bob", Role.OPERATOR, "ann", active=False)
    with pytest.raises(SignInRefused):
        accounts.sign_in("bob", GOOD, HOME)


def test_an_unknown_name_costs_a_hash_as_well() -> None:
    checked = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
            checked.append(hash)
            return super().verify(hash, password)

    passwords = Passwords(Counting(time_cost=1, memory_cost=64, parallelism=1))
    assert not passwords.fits(None, GOOD)
    assert not passwords.fits(None, "nobody's password")
    assert len(checked) == 2


def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(catalog: Catalog) -> None:
    weak = CatalogAccounts(catalog, quick_passwords())
    weak.add("ann", Role.ADMIN, GOOD, "test")
    before = catalog.credentials("ann")
    strong = Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    CatalogAccounts(catalog, strong).sign_in("ann", GOOD, HOME)
    after = catalog.credentials("ann")
    assert before.password != after.password
    assert "t=2" in (after.password or "")
    assert before.changes == after.changes


@pytest.mark.parametrize(
    ("password", "rule"),
    [("elevenchars", "short"), ("x" * 201, "long"), ("my name is Ann!!", "name"), ("packshot packshot", "name"),
     ("121212121212", "plain")],
)  # fmt: skip
def test_a_password_that_is_easily_guessed_is_refused(password: str, rule: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        refuse_weak(password, "ann")
    assert refused.value.context["rule"] == rule


@pytest.mark.parametrize(
    "password", [GOOD, "только буквы", "十二个汉字就够长了吧对不对", "a" * 190 + "bcdef"]
)
def test_any_mixture_of_characters_will_do(password: str) -> None:
    refuse_weak(password, "li.ming")


@pytest.mark.parametrize("name", ["", " ann", "ann ", "a\nb", "a/b", "<b>", "a" * 65, "ann\u202e", "\x00"])
def test_a_name_that_could_mislead_is_refused(name: str) -> None:
    with pytest.raises(UserNameRefused):
        refuse_odd_name(name)


def test_who_fails_too_often_waits_and_is_told_how_long(accounts: CatalogAccounts, clock: Clock) -> None:
    for _ in range(LIMITS["pair"]):
        with pytest.raises(SignInRefused):
            accounts.sign_in("ann", "wrong", HOME)
    with pytest.raises(TooManyTries) as refused:
        accounts.sign_in("ann", GOOD, HOME)
    assert refused.value.context["retry_after_s"] == WINDOW_S
    assert accounts.sign_in("ann", GOOD, "192.0.2.2").name == "ann"
    clock.now += WINDOW_S
    assert accounts.sign_in("ann", GOOD, HOME).name == "ann"


def test_one_address_cannot_try_many_names(accounts: CatalogAccounts) -> None:
    for number in range(LIMITS["address"]):
        with pytest.raises(SignInRefused):
            accounts.sign_in(f"name{number}", "wrong", HOME)
    with pytest.raises(TooManyTries):
        accounts.sign_in("ann", GOOD, HOME)


def test_many_addresses_cannot_try_one_name(accounts: CatalogAccounts) -> None:
    for number in range(LIMITS["name"]):
        with pytest.raises(SignInRefused):
            accounts.sign_in("ann", "wrong", f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        accounts.sign_in("ann", GOOD, "198.51.100.1")


def test_the_throttle_remembers_no_more_than_it_may() -> None:
    throttle = Throttle(Clock())
    for number in range(REMEMBERED):
        throttle.failed(f"name{number}", HOME)
    assert len(throttle._failures) == REMEMBERED


def test_the_page_says_when_to_come_back(browser: Browser, accounts: CatalogAccounts) -> None:
    client = browser(Door.USERS, accounts=accounts)
    given = {"csrf": token_of(client), "name": "ann", "password": "wrong"}
    answers = [client.post("/sign-in", data=given) for _ in range(LIMITS["pair"] + 1)]
    assert [answer.status_code for answer in answers] == [401] * LIMITS["pair"] + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_new_password_ends_every_other_session(enter: Callable[..., TestClient]) -> None:
    here, elsewhere = enter(), enter()
    changed = here.post("/password", data={"old": GOOD, "new": BETTER, "again": BETTER})
    assert changed.status_code == 303
    assert is_in(here)
    assert not is_in(elsewhere)
    assert is_in(enter(BETTER))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"old": "wrong", "new": BETTER, "again": BETTER}, 401),
        ({"old": GOOD, "new": BETTER, "again": GOOD}, 422),
        ({"old": GOOD, "new": "short", "again": "short"}, 422),
        ({"old": GOOD, "new": GOOD, "again": GOOD}, 422),
    ],
)
def test_a_password_is_changed_only_by_who_knows_it_to_a_good_one(
    enter: Callable[..., TestClient], given: dict[str, str], status: int
) -> None:
    client = enter()
    assert client.post("/password", data=given).status_code == status
    assert is_in(client)
    assert is_in(enter())


def test_a_lock_ends_every_session_even_after_it_is_lifted(
    enter: Callable[..., TestClient], accounts: CatalogAccounts
) -> None:
    accounts.add("bob", Role.ADMIN, GOOD, "test")
    client = enter()
    accounts.catalog.put_user("ann", Role.ADMIN, "bob", active=False)
    assert not is_in(client)
    accounts.catalog.put_user("ann", Role.ADMIN, "bob", active=True)
    assert not is_in(client)


def test_a_copied_cookie_opens_nothing_after_signing_out(enter: Callable[..., TestClient]) -> None:
    client = enter()
    copied = client.cookies["__Host-packshot"]
    client.post("/sign-out")
    client.cookies.clear()
    client.cookies.set("__Host-packshot", copied, domain=HOST)
    assert not is_in(client)


def test_a_session_that_was_planted_before_signing_in_is_worth_nothing(
    browser: Browser, accounts: CatalogAccounts
) -> None:
    client = browser(Door.USERS, accounts=accounts)
    token = token_of(client)
    planted = client.cookies["__Host-packshot"]
    client.post("/sign-in", data={"csrf": token, "name": "ann", "password": GOOD})
    assert client.cookies["__Host-packshot"] != planted
    client.cookies.clear()
    client.cookies.set("__Host-packshot", planted, domain=HOST)
    assert not is_in(client)


def test_a_session_ends_after_a_working_day_and_after_a_long_break(clock: Clock) -> None:
    sessions = Sessions("secret", clock)
    session = sessions.new("ann", "3")
    cookie = sessions.written(session)
    clock.now += RENEWAL_S - 1
    assert sessions.renewed(session) == session
    clock.now += IDLE_S - RENEWAL_S
    assert sessions.read(cookie) == session
    clock.now += 1
    assert sessions.read(cookie) is None
    for _ in range(LIFETIME_S // RENEWAL_S):
        clock.now += RENEWAL_S
        session = sessions.renewed(session)
    assert session.begun + LIFETIME_S < clock.now
    assert sessions.read(sessions.written(session)) is None


@given(text=st.text(max_size=200))
def test_a_made_up_cookie_is_nobodys(text: str) -> None:
    assert Sessions("secret").read(text) is None
    forged = Sessions("another secret")
    assert Sessions("secret").read(forged.written(forged.new(text, "1"))) is None


def test_a_password_for_the_first_time_opens_nothing_but_its_own_replacement(
    browser: Browser, accounts: CatalogAccounts, catalog: Catalog
) -> None:
    once = accounts.add_with_one_time_password("bob", Role.ADMIN, "ann")
    client = browser(Door.USERS, accounts=accounts)
    answer = client.post("/sign-in", data={"csrf": token_of(client), "name": "bob", "password": once})
    assert answer.headers["location"] == "/password"
    assert client.get("/people").headers["location"] == "/password"
    client.headers["x-csrf-token"] = token_of(client, "/password")
    client.post("/password", data={"old": once, "new": BETTER, "again": BETTER})
    assert is_in(client)
    assert catalog.credentials("bob").password_until is None


def test_a_password_for_the_first_time_works_for_three_days(
    accounts: CatalogAccounts, catalog: Catalog
) -> None:
    accounts.add_with_one_time_password("bob", Role.OPERATOR, "ann")
    catalog.set_password("bob", accounts.passwords.hashed(GOOD), "ann", valid_s=-1)
    with pytest.raises(SignInRefused):
        accounts.sign_in("bob", GOOD, HOME)


def test_a_key_is_worth_what_the_catalog_says_at_each_request(
    accounts: CatalogAccounts, catalog: Catalog
) -> None:
    issued = catalog.issue_key("robot", Role.REVIEWER, "ann", scopes=("read",))
    visitor = accounts.key(issued.secret)
    assert visitor is not None
    assert (visitor.roles, visitor.scopes, visitor.by_key) == (
        frozenset({Role.REVIEWER}),
        frozenset({"read"}),
        True,
    )
    assert catalog.keys()[0].used_at is not None
    catalog.revoke_key(issued.key.id, "ann")
    assert accounts.key(issued.secret) is None
    assert accounts.key("") is None
    assert accounts.key(issued.secret[:-1]) is None
