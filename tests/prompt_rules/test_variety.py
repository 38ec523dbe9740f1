"""Later attempts differ where the tables say so, and the practice world never does."""

import pytest

from prompt_rules import compile_prompt
from schemas import ShotType
from tests.factories import a_form
from tests.prompt_rules.verbs import packaged


def texts(shot: ShotType, attempts: int, **fields: object) -> list[str]:
    form = a_form(**{"material": None, "background": None, **fields})
    return [compile_prompt(form, shot, packaged(), attempt).text for attempt in range(attempts)]


@pytest.mark.parametrize(
    "category", ["dress", "boot", "tote", "ring", "serum", "tea", "vase", "phone", "doll", "tent"]
)
def test_four_candidates_of_a_scene_all_differ(category: str) -> None:
    assert len(set(texts(ShotType.SCENE, 4, category=category))) == 4


@pytest.mark.parametrize("shot", [ShotType.WHITE_MAIN, ShotType.SCENE, ShotType.DETAIL])
def test_a_practice_product_stays_canonical(shot: ShotType) -> None:
    assert len(set(texts(shot, 9))) == 1


def test_a_main_picture_stays_canonical() -> None:
    assert len(set(texts(ShotType.WHITE_MAIN, 5, category="dress"))) == 1


def test_a_place_that_the_form_asks_for_is_kept() -> None:
    assert all(
        "on a wooden table" in text for text in texts(ShotType.SCENE, 5, category="serum", background="wood")
    )


def test_a_new_place_brings_its_claim() -> None:
    form = a_form(category="serum", material=None, background=None)
    spec = compile_prompt(form, ShotType.SCENE, packaged(), attempt=2)
    truth = next(claim.truth for claim in spec.claims if claim.kind == "background")
    assert (truth.value, truth.texts) == ("water", ("a serum bottle, on rippling shallow water",))


def test_angles_and_lights_do_not_go_in_step() -> None:
    pairs = set()
    for attempt in range(1, 16):
        spec = compile_prompt(
            a_form(category="plate", background="wood"), ShotType.SCENE, packaged(), attempt
        )
        said = {entry.slot: entry.rule for entry in spec.trace}
        pairs.add((said["angle"], said["light"]))
    assert len(pairs) == 15
