"""Who visits a studio in tests: a browser's headers, a few accounts, and how a person signs in."""

from collections.abc import Callable
from functools import cache

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from schemas import Role
from studio.errors import SignInRefused
from studio.passwords import Passwords
from studio.sessions import Session
from studio.visitors import Visitor

HOST = "studio.test"
PASSWORD = "right"  # noqa: S105 - it opens nothing but this test
KEY = "good-key"
BROWSER = {"accept": "text/html,application/xhtml+xml"}


class FewAccounts:
    """Three people who all use the same password, and one key."""

    people: dict[str, Visitor]

    def __init__(self) -> None:
        self.people = {role.value: Visitor(role.value, frozenset({role})) for role in Role}

    def sign_in(self, name: str, password: str, address: str) -> Visitor:
        del address
        if password != PASSWORD or name not in self.people:
            raise SignInRefused
        return self.people[name]

    def user(self, session: Session) -> Visitor | None:
        return self.people.get(session.user)

    def end(self, session: Session) -> None:
        del session

    def key(self, token: str) -> Visitor | None:
        return Visitor("robot", frozenset({Role.OPERATOR}), by_key=True) if token == KEY else None


Browser = Callable[..., TestClient]


@cache
def quick_passwords() -> Passwords:
    """Passwords that cost a thousandth, so that tests of who signs in need not wait."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def token_of(client: TestClient, address: str = "/sign-in") -> str:
    """Read the form's token from a page, as a browser would send it back."""
    text = client.get(address).text
    return text.split('name="csrf" value="')[1].split('"')[0]


def signed_in(client: TestClient, name: str) -> TestClient:
    """Sign `name` in and keep the token for later forms."""
    answer = client.post(
        "/sign-in", data={"csrf": token_of(client), "name": name, "password": "right", "next": "/forms/new"}
    )
    assert answer.status_code == 303
    client.headers["x-csrf-token"] = token_of(client, "/sign-in")
    return client
