"""Workers meet, or are killed at random instants; nothing is lost, nothing is there twice, nothing is torn."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import AssetStore, Catalog, ShotState
from catalog.exports import publish
from schemas import Master, Outcome, Shot, Variant, sha256_hex
from tests.catalog.processes import in_a_child
from tests.factories import a_form, a_rendition, a_spec, an_attempt

PLAN = {0: Outcome.REJECTED, 1: Outcome.REJECTED, 2: Outcome.ACCEPTED}
"""What is found of each attempt, so that every worker finds the same."""


def picture_of(shot: Shot, number: int) -> bytes:
    return f"{shot.id} {number} ".encode() * 400


def make_attempt(catalog: Catalog, shot: Shot, number: int) -> str:
    variant = Variant.BASE if number == 2 else Variant.TURBO
    attempt = an_attempt(shot, number, PLAN[number], variant)
    return catalog.record_attempt(attempt, a_spec(), picture_of(shot, number)).id


def export(catalog: Catalog, master: Master, folder: Path) -> None:
    data = catalog.picture(master.picture)[::-1]
    path = Path(publish(folder, f"{master.shot_id}.jpg", data))
    catalog.record_renditions([a_rendition(master, file_name=path.name, sha256=sha256_hex(data))])


def work_through(catalog: Catalog, folder: Path, tell: Callable[[str], None]) -> None:
    """Do what is not done, in an order of this worker's own."""
    histories = list(catalog.shot_histories("spring"))
    random.shuffle(histories)
    for told in histories:
        for number in range(len(told.attempts), 3):
            tell(make_attempt(catalog, told.shot, number))
        if not told.renditions:
            export(catalog, catalog.master_of(told.shot.id), folder)


def assert_whole(catalog: Catalog, folder: Path) -> set[str]:
    """Hold every record against its file and its neighbours; return the attempts that are recorded."""
    recorded = set()
    for told in catalog.shot_histories("spring"):
        assert [attempt.number for attempt in told.attempts] == list(range(len(told.attempts)))
        for attempt in told.attempts:
            assert attempt.picture is not None
            assert catalog.picture(attempt.picture) == picture_of(told.shot, attempt.number)
            assert attempt.verdict is not None
            recorded.add(attempt.id)
        won = [a for a in told.attempts if a.verdict and a.verdict.outcome is Outcome.ACCEPTED]
        masters = [told.master.attempt_id] if told.master else []
        assert masters == [attempt.id for attempt in won]
        assert (told.state is ShotState.ACCEPTED) == (told.master is not None)
        for rendition in told.renditions:
            assert sha256_hex((folder / rendition.file_name).read_bytes()) == rendition.sha256
    return recorded


def kill_workers(url: str, store: AssetStore, folder: Path, kills: int, forms: int) -> None:
    with Catalog.open(url, store) as catalog:
        catalog.register("spring", [a_form(sku=f"MUG-{number}") for number in range(forms)])
    told: set[str] = set()
    for _ in range(kills):
        told |= killed_worker(url, store, folder)
        with Catalog.open(url, store) as catalog:
            assert told <= assert_whole(catalog, folder), "an attempt that was recorded is gone"
    with Catalog.open(url, store) as catalog:
        work_through(catalog, folder, told.add)
        assert_whole(catalog, folder)
        summary = catalog.campaign_summary("spring")
    shots = 2 * forms
    assert (summary.shots, summary.saved_by_base) == (shots, shots)
    assert (summary.attempts, summary.renditions) == (3 * shots, shots)


def killed_worker(url: str, store: AssetStore, folder: Path) -> set[str]:
    """Let a worker run for a moment, kill it, and return the attempts it had been told are recorded."""
    ears, mouth = os.pipe()

    def work() -> None:
        with Catalog.open(url, store) as catalog:
            os.write(mouth, b"ready\n")
            work_through(
                catalog, folder, lambda attempt_id: os.write(mouth, f"{attempt_id}\n".encode()) and None
            )

    child = in_a_child(work)
    os.close(mouth)
    heard = os.read(ears, 100)
    time.sleep(random.uniform(0, 0.06))  # noqa: S311 - chance here is about when, not about secrets
    child.kill()
    while chunk := os.read(ears, 65536):
        heard += chunk
    os.close(ears)
    return set(heard.decode().splitlines()) - {"ready"}


def test_workers_in_four_processes_share_the_work_without_an_error(
    url: str, store: AssetStore, tmp_path: Path
) -> None:
    with Catalog.open(url, store) as catalog:
        catalog.register("spring", [a_form(sku=f"MUG-{number}") for number in range(4)])

    def work() -> None:
        with Catalog.open(url, store) as catalog:
            work_through(catalog, tmp_path / "renditions", lambda _: None)

    workers = [in_a_child(work) for _ in range(4)]
    assert [worker.wait() for worker in workers] == [0] * 4
    with Catalog.open(url, store) as catalog:
        assert len(assert_whole(catalog, tmp_path / "renditions")) == 24
        assert catalog.campaign_summary("spring").renditions == 8


def test_killed_workers_leave_nothing_torn_lost_or_double(
    url: str, store: AssetStore, tmp_path: Path
) -> None:
    kill_workers(url, store, tmp_path / "renditions", kills=15, forms=5)


@pytest.mark.slow
def test_three_hundred_killed_workers(url: str, store: AssetStore, tmp_path: Path) -> None:
    kill_workers(url, store, tmp_path / "renditions", kills=300, forms=60)
