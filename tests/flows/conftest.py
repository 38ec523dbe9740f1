"""Services for flow tests: a real catalog on temporary SQLite, real rules and recipes, and a fake core."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from flows.services import Records, Services, open_records, services_with
from schemas import RenderJob, Settings, settings_from
from zimage_core.fake_core import FakeCore


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def settings() -> Settings:
    return settings_from(
        {
            "PACKSHOT_FLOWS__CHUNK_SIZE": "2",
            "PACKSHOT_FLOWS__EXPORT_WORKERS": "0",
            "PACKSHOT_FLOWS__PATIENCE_S": "0",
        }
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def records(settings: Settings, workspace: Path) -> Iterator[Records]:
    with open_records(settings, workspace) as records:
        yield records


@pytest.fixture
def services_around(settings: Settings, records: Records) -> Callable[..., Services]:
    """Build services around a fake core whose pictures are as acceptable as the given function says."""

    def build(p_accept: Callable[[RenderJob], float] = lambda _: 0.97) -> Services:
        return services_with(settings, records, FakeCore(p_accept))

    return build
