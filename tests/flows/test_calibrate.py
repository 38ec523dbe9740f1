"""What people decided teaches the scores, once a week, without anybody typing a command."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flows.calibrate import CALIBRATION_FILE, calibrate
from flows.services import Services, lent
from schemas import ClaimScore, DecidedBy, Outcome, Scores, ShotType, Verdict
from tests.factories import a_form, a_provenance, a_spec, an_attempt
from zimage_core.scoring.calibrations import NANO_CALIBRATION, load_calibration

pytestmark = pytest.mark.usefixtures("prefect_server")

SHIPPED = load_calibration(NANO_CALIBRATION)
SOUND = {"spread": 60.0, "sharpness": 500.0, "border_level": 255.0, "margin": 0.09, "twin": 0.0}


def decided(services: Services, count: int) -> None:
    """Pictures that a person accepted when the background showed well, whatever the scores said."""
    chance = np.random.default_rng(1)
    for number in range(count):
        form = a_form(sku=f"S-{number}", shots=(ShotType.SCENE,))
        (shot,) = services.records.catalog.register("spring", [form])
        colour, background = (round(float(p), 4) for p in 1 - chance.uniform(0.02, 0.98, 2) ** 3)
        claims = tuple(
            ClaimScore(kind=kind, value="red", p=p, rival="blue", rival_p=round(1 - p, 6))
            for kind, p in (("colour", colour), ("background", background))
        )
        p = SHIPPED.p_accept(claims, SOUND)
        outcome = Outcome.ACCEPTED if background > 0.9 and colour > 0.2 else Outcome.REJECTED
        attempt = an_attempt(
            shot,
            verdict=Verdict(outcome=outcome, by=DecidedBy.PERSON, reviewer="mei"),
            scores=Scores(claims=claims, checks=SOUND, p_accept=p, scorer=SHIPPED.fits),
        )
        attempt = attempt.model_copy(update={"provenance": a_provenance(attempt.job)})
        services.records.catalog.record_attempt(attempt, a_spec(), f"{number}".encode())


def test_with_few_verdicts_it_says_how_many_there_are_and_changes_nothing(
    services_around: Callable[..., Services], workspace: Path
) -> None:
    services = services_around()
    decided(services, 3)
    with lent(str(workspace), services):
        state = calibrate(str(workspace), return_state=True)
    assert (state.is_completed(), state.name) == (True, "TooFewVerdicts")
    assert "decided on 3 pictures of this scorer; 40 are needed" in (state.message or "")
    assert not (workspace / CALIBRATION_FILE).exists()


def test_what_is_better_is_left_for_the_core_and_kept_for_the_records(
    services_around: Callable[..., Services], workspace: Path
) -> None:
    services = services_around()
    decided(services, 90)
    with lent(str(workspace), services):
        state = calibrate(str(workspace), return_state=True)
    made = load_calibration(workspace / CALIBRATION_FILE)
    assert state.result() == made.fingerprint
    assert made.fits == SHIPPED.fits
    text = (workspace / CALIBRATION_FILE).read_text()
    assert services.records.catalog.calibration(made.fingerprint) == text
    with lent(str(workspace), services):
        again = calibrate(str(workspace), return_state=True)
    assert again.is_completed(), "the next week starts from the file"
