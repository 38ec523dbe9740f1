"""What a product form accepts and refuses."""

import pytest
from pydantic import ValidationError

from schemas import ShotType, shots_of
from tests.factories import a_form


@pytest.mark.parametrize("sku", ["MUG-1", "a.b_c-D", "0", "X" * 64])
def test_an_ordinary_sku_is_accepted(sku: str) -> None:
    assert a_form(sku=sku).sku == sku


@pytest.mark.parametrize(
    "sku",
    ["", "../etc", "a/b", "a\\b", "a..b", ".hidden", "end.", "with space", "X" * 65, "杯", "a\x00b", "-rf"],
)
def test_a_sku_that_is_unsafe_in_a_file_name_is_refused(sku: str) -> None:
    with pytest.raises(ValidationError):
        a_form(sku=sku)


@pytest.mark.parametrize("field", ["shots", "channels"])
def test_a_form_asks_for_something(field: str) -> None:
    with pytest.raises(ValidationError):
        a_form(**{field: ()})


def test_a_form_asks_for_each_thing_once() -> None:
    with pytest.raises(ValidationError, match="channels names something twice"):
        a_form(channels=("taobao", "taobao"))


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        a_form(color="red")


def test_a_form_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        a_form().colour = "blue"  # type: ignore[misc] - that is what is tested


def test_a_form_becomes_one_shot_for_each_view() -> None:
    shots = shots_of("spring", a_form(shots=("scene", "white_main")))
    assert [shot.shot_type for shot in shots] == [ShotType.SCENE, ShotType.WHITE_MAIN]
