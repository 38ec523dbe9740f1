"""A studio on the sample rule tables, with and without users."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog import AssetStore, Catalog
from prompt_rules import RuleTables, default_tables_folder
from schemas import settings_from
from studio.app import create_app
from studio.desk import Desk
from studio.nudges import NoNudge
from studio.request_log import Sink
from studio.sessions import Sessions
from studio.visitors import Accounts, Door, Doorkeeper
from tests.studio.visiting import BROWSER, HOST, Browser, FewAccounts
from zimage_core.judging import default_policy
from zimage_core.renditions import default_recipes


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
