"""Reading TIFA160's public layout, on a small sample made here."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.scores_figures import Row, named, spearman
from benchmarks.scores_tifa import claims_of, read_tifa, tifa_table
from schemas import Outcome, SettingsInvalid, Verdict
from tests.zimage_core.renditions.pictures import product_on
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.calibrations import CONSERVATIVE, load_calibration
from zimage_core.scoring.fake import PALETTE, FakeEncoder

COLOURS = ("red", "green", "blue", "yellow", "black", "purple")


def sample(folder: Path, pictures: str = "annotated_images", **change: object) -> Path:
    """Six prompts by two generators: one draws what was asked, the other something else."""
    (folder / pictures).mkdir(parents=True, exist_ok=True)
    entries = {}
    for number, colour in enumerate(COLOURS):
        for generator, shown, scores in (("good", colour, [5, 5]), ("bad", COLOURS[number - 1], [1, 2])):
            name = f"drawbench_{number}_{generator}"
            Image.fromarray(product_on(colour=PALETTE[shown])).save(
                folder / pictures / f"{name}.jpg", quality=95
            )
            entries[name] = {
                "text_id": f"drawbench_{number}",
                "image_path": f"{name}.jpg",
                "text": f"A {colour} mug.".replace(".", ""),
                "human_scores": scores,
                "human_avg": sum(scores) / 2,
                "clipscore_vitb32": 30.0 + number,
                **change,
            }
    path = folder / "human_annotations_with_scores.json"
    path.write_text(json.dumps(entries, indent=4), encoding="utf-8")
    return folder


def test_pictures_are_found_beside_the_file_or_in_a_folder_below(tmp_path: Path) -> None:
    for number, pictures in enumerate((".", "annotated_images")):
        rated, missing = read_tifa(sample(tmp_path / str(number), pictures))
        assert (len(rated), missing) == (12, 0)
        assert rated[0].text == "A red mug"
        assert [each.rating for each in rated[:2]] == [5.0, 1.5]
        assert rated[0].metrics == {"clipscore_vitb32": 30.0}


def test_pictures_that_are_not_there_are_counted(tmp_path: Path) -> None:
    folder = sample(tmp_path)
    (folder / "annotated_images" / "drawbench_0_good.jpg").unlink()
    rated, missing = read_tifa(folder)
    assert (len(rated), missing) == (11, 1)


def test_a_folder_or_file_of_another_layout_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"holds neither human_annotations_with_scores\.json"):
        read_tifa(tmp_path)
    for text in ("[1, 2]", "{", '{"a": {"text": "x"}}', '{"a": {"image_path": "x", "human_scores": []}}'):
        (tmp_path / "human_annotations.json").write_text(text, encoding="utf-8")
        with pytest.raises(SettingsInvalid, match=r"human_annotations\.json is not in TIFA160's layout"):
            read_tifa(tmp_path)


def test_each_picture_is_held_against_other_prompts(tmp_path: Path) -> None:
    rated, _ = read_tifa(sample(tmp_path))
    for each, claim in zip(rated, claims_of(rated), strict=True):
        assert claim.truth.texts == (each.text,)
        assert len({option.value for option in claim.distractors}) == len(COLOURS) - 1
        assert each.text not in {option.texts[0] for option in claim.distractors}


def test_the_table_agrees_with_people_where_the_pictures_do(tmp_path: Path) -> None:
    rated, _ = read_tifa(sample(tmp_path))
    encoder = FakeEncoder()
    table = tifa_table(rated, ClaimScorer(encoder, load_calibration(CONSERVATIVE)), encoder)
    rows = {
        cells[1]: cells[2:4]
        for line in table.splitlines()
        for cells in [[c.strip() for c in line.split("|")]]
    }
    assert float(rows["p(accept)"][1]) > 0.9
    assert float(rows["published clipscore_vitb32"][1]) == pytest.approx(0.5)
    assert rows.keys() >= {"cosine", "2.5 x cosine"}


@pytest.mark.parametrize(
    ("reason", "claim"),
    [
        ("colour: asked red, looks orange (0.81 against 0.12)", "colour"),
        (
            "not sure enough (0.84, gate 0.85); least sure of whole: whole or broken (0.9 against 0.1)",
            "whole",
        ),
        ("the product touches or leaves the picture's edge (margin 0, at least 0.004 wanted)", "whole"),
        ("it looks the same as a picture that a person rejected", ""),
    ],
)
def test_the_claim_that_a_reason_names_is_read_from_it(reason: str, claim: str) -> None:
    assert named(Verdict(outcome=Outcome.REJECTED, reasons=(reason,))) == claim


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (Row("a", 0.99, 0.98), ("a", "0.99", "at least 0.98", "yes", "")),
        (Row("a", 0.04, 0.03, at_most=True), ("a", "0.04", "at most 0.03", "NO", "")),
        (Row("a", float("nan"), 0.98), ("a", "nan", "at least 0.98", "NO", "")),
        (Row("a", 0.5, note="b"), ("a", "0.5", "shown", "", "b")),
    ],
)
def test_a_row_says_whether_its_goal_is_met(row: Row, cells: tuple[str, ...]) -> None:
    assert row.cells == cells


def test_ranks_with_ties_are_correlated_as_spearman_does() -> None:
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 15.0])) == pytest.approx(0.5)
    assert spearman(np.array([1.0, 1.0, 2.0]), np.array([3.0, 3.0, 9.0])) == pytest.approx(1.0)
