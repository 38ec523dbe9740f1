"""Learning from people's verdicts, as the command is used."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from catalog import AssetStore, Catalog
from packshot.cli import app, main
from schemas import ClaimScore, DecidedBy, Outcome, Scores, ShotType, Verdict
from tests.factories import a_form, a_provenance, a_spec, an_attempt
from zimage_core.judging import default_policy, load_policy
from zimage_core.scoring.calibrations import NANO_CALIBRATION, load_calibration

SHIPPED = load_calibration(NANO_CALIBRATION)
SOUND = {"spread": 60.0, "sharpness": 500.0, "border_level": 255.0, "margin": 0.09, "twin": 0.0}
Law = Callable[[float, float], bool]


def strict_about_background(colour: float, background: float) -> bool:
    return background > 0.9 and colour > 0.2


def scores(colour: float, background: float, scorer: str) -> Scores:
    claims = tuple(
        ClaimScore(kind=kind, value="red", p=p, rival="blue", rival_p=round(1 - p, 6))
        for kind, p in (("colour", colour), ("background", background))
    )
    p = SHIPPED.p_accept(claims, SOUND)
    return Scores(claims=claims, checks=SOUND, p_accept=p, scorer=scorer)


def reviewed(
    folder: Path, count: int, law: Law = strict_about_background, scorer: str = SHIPPED.fits, seed: int = 1
) -> Path:
    """A workspace in which a person decided on `count` pictures by a law of their own."""
    folder.mkdir(exist_ok=True)
    chance = np.random.default_rng(seed)
    with Catalog.open(f"sqlite:///{folder / 'catalog.sqlite'}", AssetStore(folder / "assets")) as catalog:
        for number in range(count):
            form = a_form(sku=f"S{seed}-{number}", shots=(ShotType.SCENE,))
            (shot,) = catalog.register("spring", [form])
            colour, background = (round(float(p), 4) for p in 1 - chance.uniform(0.02, 0.98, 2) ** 3)
            outcome = Outcome.ACCEPTED if law(colour, background) else Outcome.REJECTED
            verdict = Verdict(outcome=outcome, by=DecidedBy.PERSON, reviewer="mei")
            attempt = an_attempt(shot, verdict=verdict, scores=scores(colour, background, scorer))
            attempt = attempt.model_copy(update={"provenance": a_provenance(attempt.job)})
            catalog.record_attempt(attempt, a_spec(), b"a picture")
    return folder


def told(folder: Path, *options: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, ["calibrate", "--out", str(folder), "--json", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = reviewed(tmp_path_factory.mktemp("workspace"), 5, scorer="scorer_0ld", seed=2)
    return reviewed(folder, 90)


def test_what_people_care_about_is_learnt_and_saved(workspace: Path, tmp_path: Path) -> None:
    saved, policy, plot = tmp_path / "people.toml", tmp_path / "policy.toml", tmp_path / "plot.png"
    code, lesson = told(workspace, "--save", str(saved), "--policy", str(policy), "--plot", str(plot))
    assert code == 0
    assert (lesson["learnt_from"], lesson["judged_on"], lesson["passed_over"]) == (63, 27, 5), (
        "another scorer's are passed over"
    )
    before, after = lesson["before"], lesson["after"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert after["surprise"] < before["surprise"]
    # Ten bins of 27 verdicts say nothing about calibration; the order of the pictures and the surprise do.
    assert after["auc"] > before["auc"]
    made = load_calibration(saved)
    assert made.fits == SHIPPED.fits
    assert made.kinds["background"] > made.kinds.get("colour", 0)
    assert "63 verdicts of people" in made.evidence
    assert load_policy(policy) == default_policy().model_copy(update={"gate": after["gate"]})
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_the_report_shows_both_diagrams_and_what_would_change(workspace: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["calibrate", "--out", str(workspace), "--save", str(tmp_path / "c.toml")]
    )
    assert result.exit_code == 0
    for words in (
        "Before:",
        "After:",
        "precision at gate",
        "The gate that costs least is",
        "a person rejected it",
    ):
        assert words in result.stdout
    assert f"Saved {tmp_path / 'c.toml'}; set PACKSHOT_CORE__CALIBRATION" in " ".join(result.stdout.split())


def test_the_result_is_used_and_learnt_from_again(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "people.toml"
    told(workspace, "--save", str(saved))
    monkeypatch.setenv("PACKSHOT_CORE__CALIBRATION", str(saved))
    _, lesson = told(workspace, "--save", str(tmp_path / "again.toml"))
    before = lesson["before"]
    assert isinstance(before, dict)
    assert before["calibration"] == load_calibration(saved).fingerprint


def stopped(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with pytest.raises(SystemExit) as leaving:
        main(["calibrate", "--out", str(folder), *options])
    assert leaving.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_a_folder_without_a_catalog_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "holds no catalog" in stopped(tmp_path, capsys)
    assert not list(tmp_path.iterdir())


def test_too_few_verdicts_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No person has decided on a scored picture yet; 40" in stopped(
        reviewed(tmp_path / "none", 0), capsys
    )
    assert "People have decided on 12 pictures of this scorer; 40 are needed" in stopped(
        reviewed(tmp_path / "few", 12), capsys
    )


def test_one_kind_of_verdict_alone_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generous = reviewed(tmp_path / "one", 44, law=lambda *_: True)
    assert "People rejected 0 of the 31 older pictures; at least 5" in stopped(generous, capsys)


def test_a_calibration_of_another_scorer_is_refused(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.toml"
    path.write_text(
        NANO_CALIBRATION.read_text(encoding="utf-8").replace(SHIPPED.fits, "scorer_abc"), encoding="utf-8"
    )
    monkeypatch.setenv("PACKSHOT_CORE__CALIBRATION", str(path))
    assert "was fitted on scorer_abc, but the verdicts are about" in stopped(workspace, capsys)
    assert not (workspace / "calibration.toml").exists()
