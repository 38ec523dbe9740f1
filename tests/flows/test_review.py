"""Lots for people: what is drawn of a campaign, and how strict the next lot is."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from catalog import Defect, LotState, Origin, Review, Severity
from flows.line import satisfy
from flows.review import review_sample
from flows.services import Services, lent
from schemas import Outcome, RenderJob
from schemas import sampling as plans
from schemas.lot_plans import Sampling
from tests.factories import a_form

Build = Callable[..., Services]

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def name() -> str:
    return f"c-{uuid4().hex[:12]}"


def make(services: Services, name: str, count: int, start: int = 0) -> None:
    forms = [
        a_form(sku=f"MUG-{n}", shots=("scene",), channels=("aliexpress",), colour="red" if n % 10 else "blue")
        for n in range(start, start + count)
    ]
    for shot in services.records.catalog.register(name, forms):
        satisfy(shot, services)


def weak_when_blue(job: RenderJob) -> float:
    return 0.2 if "blue" in job.prompt else 0.97


def sample(services: Services, workspace: Path, name: str, sampling: Sampling = Sampling.SIMPLE) -> str:
    with lent(str(workspace), services):
        state = review_sample(name, str(workspace), sampling, return_state=True)
    assert state.is_completed(), state.message
    return str(state.result())


def test_a_simple_lot_holds_everything_doubtful_and_one_in_twenty(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around(weak_when_blue)
    make(services, name, 20)
    lot = services.records.catalog.lot(sample(services, workspace, name))
    origins = [member.origin for member in lot.members]
    assert (lot.size, origins.count(Origin.FLAGGED), origins.count(Origin.RANDOM)) == (20, 2, 1)


def test_only_what_was_made_since_the_last_lot_is_offered(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around()
    make(services, name, 6)
    first = sample(services, workspace, name)
    assert sample(services, workspace, name) == ""
    make(services, name, 4, start=50)
    second = services.records.catalog.lot(sample(services, workspace, name))
    assert (second.id != first, second.size) == (True, 4)


def test_the_iso_plan_draws_as_many_as_the_tables_say(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around()
    make(services, name, 30)
    lot = services.records.catalog.lot(sample(services, workspace, name, Sampling.ISO2859))
    assert len(lot.members) == plans.LotPlan.model_validate(lot.plan["lot"]).size == 13


def test_two_refused_lots_make_the_next_one_stricter(
    services_around: Build, workspace: Path, name: str
) -> None:
    services = services_around()
    catalog = services.records.catalog
    for turn in range(2):
        make(services, name, 9, start=100 * turn + 1)
        lot = catalog.lot(sample(services, workspace, name, Sampling.ISO2859))
        for member in lot.members[:3]:
            defects = (Defect(code="warped_logo", severity=Severity.MAJOR),)
            catalog.record_review(
                Review(
                    attempt_id=member.attempt_id,
                    reviewer="anna",
                    outcome=Outcome.REJECTED,
                    defects=defects,
                    lot=lot.id,
                )
            )
        catalog.close_lot(lot.id, LotState.REJECTED, "anna")
    make(services, name, 9, start=901)
    third = catalog.lot(sample(services, workspace, name, Sampling.ISO2859))
    assert third.plan["lot"]["severity"] == "tightened"
