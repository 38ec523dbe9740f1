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


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("6901234567892", "06901234567892"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
        ("10614141000415", "10614141000415"),
    ],
)
def test_a_bar_code_is_kept_with_fourteen_digits(written: str, kept: str) -> None:
    assert a_form(gtin=written).gtin == kept


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("6901234567893", "should be 2"),
        ("690123456789a", "digits"),
        ("123", "digits"),
        ("６９０１２３４５", "digits"),
    ],
)
def test_a_bar_code_that_is_none_is_named(written: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        a_form(gtin=written)
