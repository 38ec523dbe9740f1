"""What a monitor may read, and who is one."""

from pathlib import Path

import pytest

from catalog import Catalog, ShotState
from schemas import ShotType
from studio.metrics import KEPT_S, Standing, StudioMetrics
from studio.metrics_routes import Watching
from studio.visitors import Door
from tests.factories import a_form
from tests.studio.visiting import KEY, Browser

LOCAL, FAR = ("127.0.0.1", 5000), ("10.1.2.3", 5000)


def asked(browser: Browser, door: Door, peer: tuple[str, int], **headers: str) -> int:
    client = browser(door)
    client._transport.client = peer  # type: ignore[attr-defined]  # the test client's own way to say who calls
    return client.get("/metrics", headers={"accept": "*/*", **headers}).status_code


@pytest.mark.parametrize("door", [Door.OPEN, Door.USERS])
def test_a_monitor_on_this_machine_reads_without_a_key(browser: Browser, door: Door) -> None:
    assert asked(browser, door, LOCAL) == 200


def test_from_elsewhere_a_key_is_needed(browser: Browser) -> None:
    assert asked(browser, Door.USERS, FAR) == 401
    assert asked(browser, Door.USERS, FAR, authorization=f"Bearer {KEY}") == 200
    assert asked(browser, Door.USERS, FAR, authorization="Bearer wrong") == 401


def test_the_open_door_opens_it_to_nobody_from_elsewhere(browser: Browser) -> None:
    assert asked(browser, Door.OPEN, FAR) == 401


def test_who_comes_through_a_proxy_on_this_machine_is_not_local(browser: Browser) -> None:
    assert asked(browser, Door.USERS, LOCAL, **{"x-forwarded-for": "10.1.2.3"}) == 401


def test_what_stands_in_the_records_is_told(browser: Browser, catalog: Catalog) -> None:
    catalog.register("spring", [a_form(shots=(ShotType.SCENE, ShotType.DETAIL))])
    client = browser()
    client._transport.client = LOCAL  # type: ignore[attr-defined]  # as above
    text = client.get("/metrics").text
    assert f'packshot_shots{{state="{ShotState.UNFINISHED}"}} 2.0' in text
    assert 'packshot_shots{state="dead"} 0.0' in text
    assert 'packshot_shots_due{priority="0"} 2.0' in text
    assert "process_resident_memory_bytes" in text
    assert "packshot_store_free_bytes" in text


def test_the_database_is_asked_once_for_several_who_watch(catalog: Catalog) -> None:
    calls, now = [], [0.0]

    def measure() -> object:
        calls.append(1)
        return catalog.measures()

    standing = Standing(measure, lambda: now[0])  # type: ignore[arg-type]  # it returns what measures does
    for _ in range(3):
        list(standing.collect())
    assert len(calls) == 1
    now[0] = KEPT_S
    list(standing.collect())
    assert len(calls) == 2


def test_pictures_in_a_bucket_have_no_disk(catalog: Catalog, tmp_path: Path) -> None:
    assert b"packshot_store" not in StudioMetrics(catalog.measures, None).text()
    assert b"packshot_store_free_bytes" in StudioMetrics(catalog.measures, tmp_path / "not" / "yet").text()


def test_the_route_asks_more_than_a_role() -> None:
    assert Watching().roles == frozenset()
