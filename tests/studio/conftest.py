"""A studio on the sample rule tables, with and without users."""

from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from catalog import AssetStore, Catalog
from prompt_rules import RuleTables, default_tables_folder
from schemas import Role, settings_from
from studio.app import create_app
from studio.desk import Desk
from studio.errors import SignInRefused
from studio.nudges import NoNudge
from studio.passwords import Passwords
from studio.request_log import Sink
from studio.sessions import Session, Sessions
from studio.visitors import Accounts, Door, Doorkeeper, Visitor
from zimage_core.judging import default_policy
from zimage_core.renditions import default_recipes

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


@pytest.fixture(scope="session")
def tables() -> RuleTables:
    return RuleTables.load(default_tables_folder())


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}", AssetStore(tmp_path / "assets")) as opened:
        yield opened


@pytest.fixture
def browser(tables: RuleTables, catalog: Catalog, tmp_path: Path) -> Browser:
    """A browser at a studio; `door` says whether it knows users."""

    def opened(
        door: Door = Door.OPEN,
        accounts: Accounts | None = None,
        sink: Sink | None = None,
        hosts: Collection[str] = (HOST,),
        **more: object,
    ) -> TestClient:
        keeper = Doorkeeper(door, accounts or FewAccounts(), Sessions("a secret for tests"), **more)  # type: ignore[arg-type]  # passed through
        desk = Desk(
            catalog=catalog,
            tables=tables,
            recipes=default_recipes(),
            policy=default_policy(),
            settings=settings_from({}),
            exports=tmp_path / "exports",
            thumbnails=tmp_path / "thumbnails",
            nudge=NoNudge(),
        )
        client = TestClient(
            create_app(desk, keeper, hosts, sink),
            base_url=f"https://{HOST}",
            headers=BROWSER,
            follow_redirects=False,
        )
        client.cookies.set("language", "en", domain=HOST)
        return client

    return opened


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
