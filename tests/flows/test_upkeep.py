"""What runs by itself: forms of somebody who waits, sweeps, dead runs, lost files, and keeping house."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort, TaskRunSort
from prefect.states import Running

from flows.campaign import produce_campaign
from flows.chunks import Chunk
from flows.exporter import Exporter
from flows.heart import Heart
from flows.janitor import close_zombies, remove_old_runs, running
from flows.line import line_of
from flows.outcomes import Ending, RunReport, Tally
from flows.produce import generate, produce_form
from flows.runs import OURS, campaign_tag, tag_run
from flows.services import Services, lent
from flows.upkeep import deliver, housekeeping, reexport, sweep
from schemas import RenderJob, Variant
from tests.factories import a_form
from zimage_core.errors import CoreUnavailable, InvalidRender

Build = Callable[..., Services]

pytestmark = pytest.mark.usefixtures("prefect_server")

FORM = a_form(channels=("aliexpress",))


@pytest.fixture
def name() -> str:
    """A campaign of its own for each test: they share one Prefect server."""
    return f"c-{uuid4().hex[:12]}"


def asked(services: Services) -> list[RenderJob]:
    return services.core.jobs  # type: ignore[attr-defined]  # the fake keeps what it was asked


def test_a_single_form_goes_through_steps_that_can_be_seen(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around()
    with lent(str(workspace), services):
        state = produce_form(name, FORM, str(workspace), return_state=True)
    report = state.result()
    assert isinstance(report, RunReport)
    assert (state.name, report.endings, report.renditions) == ("Completed", {Ending.ACCEPTED: 2}, 1)
    assert all(job.priority == 50 for job in asked(services))
    wanted = {f"{step} {FORM.sku} {kind}" for step in ("check", "generate", "export") for kind in FORM.shots}
    with get_client(sync_client=True) as client:
        (run,) = [
            one
            for one in client.read_flow_runs(sort=FlowRunSort.ID_DESC, limit=20)
            if campaign_tag(name) in one.tags
        ]
        assert run.name == f"{name} {FORM.sku}"
        steps: set[str] = set()
        for _ in range(200):  # Prefect records task runs a moment later
            ours = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
            steps = {
                one.name
                for one in client.read_task_runs(flow_run_filter=ours, sort=TaskRunSort.ID_DESC, limit=100)
            }
            if wanted <= steps:
                break
            time.sleep(0.1)
    assert wanted <= steps


def test_a_form_sent_again_makes_nothing_new(services_around: Build, workspace: Path, name: str) -> None:
    services = services_around()
    with lent(str(workspace), services):
        produce_form(name, FORM, str(workspace), return_state=True)
        again = produce_form(name, FORM, str(workspace), return_state=True).result()
    assert (again.attempts, again.renditions, len(asked(services))) == (0, 0, 2)


def test_a_form_whose_core_is_away_ends_red_and_says_so(
    services_around: Build, workspace: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "retry_delay_seconds", [0.0, 0.0, 0.0])

    def away(_: RenderJob) -> float:
        raise CoreUnavailable

    services = services_around(away)
    with lent(str(workspace), services):
        state = produce_form(name, FORM, str(workspace), return_state=True)
    assert state.is_failed()
    assert CoreUnavailable().message in (state.message or "")


def test_a_sweep_finds_forms_that_nobody_told_it_of(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around()
    services.records.catalog.submit(name, [FORM], priority=3)
    services.records.catalog.submit(
        f"{name}-late", [a_form(sku="LATE", channels=("aliexpress",))], priority=9
    )
    services.records.catalog.submit(f"{name}-not", [a_form(sku="NOT", channels=("aliexpress",))])
    services.records.catalog.pause(f"{name}-not", "anna")
    with lent(str(workspace), services):
        swept = sweep(str(workspace), return_state=True).result()
    assert list(swept.worked.items()) == [(f"{name}-late", "Completed"), (name, "Completed")]
    assert services.records.catalog.campaign_summary(f"{name}-not").attempts == 0


def test_a_sweep_leaves_a_campaign_to_the_run_that_works_on_it(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around()
    services.records.catalog.submit(name, [FORM])
    dead = a_running_run(name)
    with lent(str(workspace), services):
        swept = sweep(str(workspace), return_state=True).result()
        assert (swept.worked, swept.left) == ({}, (name,))
        closed = close_zombies(datetime.now(UTC) + timedelta(hours=1))
        assert len(closed) >= 1
        swept = sweep(str(workspace), return_state=True).result()
    assert swept.worked == {name: "Completed"}
    with get_client(sync_client=True) as client:
        closed_run = client.read_flow_run(dead)
    assert closed_run.state_type is StateType.CRASHED
    assert "no sign of life" in (closed_run.state.message if closed_run.state else "")


def a_running_run(campaign: str) -> object:
    """Leave a run behind as a killed runner does: Running, and nobody there."""

    @flow(name="campaign")
    def never() -> None:
        pass

    with get_client(sync_client=True) as client:
        run = client.create_flow_run(never, state=Running(), tags=[OURS, campaign_tag(campaign)])
    return run.id


def test_a_living_run_is_left_alone(name: str) -> None:
    run = a_running_run(name)
    assert close_zombies() == ()
    assert [one.id for one in running(name)] == [run]
    close_zombies(datetime.now(UTC) + timedelta(hours=1))
    assert running(name) == []


def test_a_run_of_somebody_else_is_never_closed() -> None:
    @flow(name="not ours")
    def never() -> None:
        pass

    with get_client(sync_client=True) as client:
        run = client.create_flow_run(never, state=Running(), tags=["other"])
        close_zombies(datetime.now(UTC) + timedelta(hours=1))
        assert client.read_flow_run(run.id).state_type is StateType.RUNNING


def test_a_zombie_that_wakes_up_is_refused_and_leaves_quietly(
    services_around: Build, workspace: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its leases ran out, the next run finished its shots, and what it records late is refused."""
    services = services_around()
    catalog = services.records.catalog
    catalog.submit(name, [FORM])
    monkeypatch.setattr("catalog.leases.LEASE_S", 0.0)
    stale = catalog.claim(name, "zombie", 10)
    monkeypatch.undo()
    with lent(str(workspace), services):
        assert produce_campaign(name, str(workspace), return_state=True).result().endings == {
            Ending.ACCEPTED: 2
        }
    before = catalog.campaign_summary(name)
    tally = Tally(name)
    with Heart(catalog, catalog.campaign(name)) as heart, ThreadPoolExecutor(2) as pool:
        heart.keep(stale)
        Chunk(line_of(services, Exporter(0), heart), tally, leases=stale).work(pool)
        assert heart.lost == len(stale) == 2
    assert tally.report(0.0).endings == {Ending.TAKEN: 2}
    assert tally.report(0.0).complete
    assert catalog.campaign_summary(name) == before


def test_files_that_were_lost_are_made_again(
    services_around: Build, workspace: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_around()
    services.records.catalog.submit(name, [FORM])
    with lent(str(workspace), services):
        monkeypatch.setattr("flows.files.Bench.make", lambda *_: (0, ()))
        produce_campaign(name, str(workspace), return_state=True)
        monkeypatch.undo()
        state = reexport(name, str(workspace), return_state=True)
    assert (state.name, state.result()) == ("Completed", 1)
    assert len(asked(services)) == 2


def test_events_are_delivered_by_a_flow(services_around: Build, workspace: Path) -> None:
    services = services_around()
    with lent(str(workspace), services):
        state = deliver(str(workspace), return_state=True)
    assert "0 delivered" in (state.message or "")


def test_housekeeping_removes_what_dead_writers_left_and_nothing_else(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around(lambda job: 0.2 if job.preset.variant is Variant.TURBO else 0.97)
    services.records.catalog.submit(name, [FORM])
    with lent(str(workspace), services):
        produce_campaign(name, str(workspace), return_state=True)
        kept = sorted(path for path in (workspace / "assets").rglob("*") if path.is_file())
        left = workspace / "assets" / "tmp" / ".left.123.0123456789ab"
        left.write_bytes(b"half a picture")
        old = (datetime.now(UTC) - timedelta(days=3)).timestamp()
        os.utime(left, (old, old))
        state = housekeeping(str(workspace), return_state=True)
    assert state.name == "Completed", state.message
    assert sorted(path for path in (workspace / "assets").rglob("*") if path.is_file()) == kept


def test_housekeeping_says_what_only_a_person_can_mend(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around()
    services.records.catalog.submit(name, [FORM])
    with lent(str(workspace), services):
        produce_campaign(name, str(workspace), return_state=True)
        stranger = workspace / "assets" / "holiday.jpg"
        stranger.write_bytes(b"not ours")
        state = housekeeping(str(workspace), return_state=True)
    assert state.is_failed()
    assert "holiday.jpg" in (state.message or "")
    assert stranger.exists()


def test_finished_runs_are_removed_when_their_time_is_over(name: str) -> None:
    @flow(name="campaign")
    def done() -> None:
        tag_run(name)

    done()
    assert remove_old_runs(1.0) == 0
    assert remove_old_runs(-1.0) >= 1


def test_an_unmakeable_form_is_red_in_the_sweep_too(
    services_around: Build, workspace: Path, name: str
) -> None:
    def refused(_: RenderJob) -> float:
        raise InvalidRender

    services = services_around(refused)
    services.records.catalog.submit(name, [FORM])
    with lent(str(workspace), services):
        state = sweep(str(workspace), return_state=True)
    assert state.is_failed()
    assert f"{name}: CompletedWithGaps" in (state.message or "")
