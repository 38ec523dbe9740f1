"""Who a file's AI label names: China's producer code is checked to its last character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import SettingsInvalid, settings_from
from schemas.producer_code import CREDIT_DIGITS, PRACTICE_PRODUCER, credit_check, producer_code

REAL = "001191110102MACQD9K64018705"
"""As found in published files of a Chinese picture service."""


@pytest.mark.parametrize("code", ["91110102MACQD9K640", "91440300708461136T", "91350100M000100Y43"])
def test_the_check_character_of_known_credit_codes_is_found(code: str) -> None:
    assert credit_check(code) == code[17]


@pytest.mark.parametrize("text", [REAL, "acme.example", "packshot", PRACTICE_PRODUCER])
def test_codes_and_plain_names_are_taken_as_they_are(text: str) -> None:
    assert producer_code(text) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (REAL[:-1], "this has 26"),
        (REAL + "1", "this has 28"),
        (REAL.replace("K640", "K641"), "should be 0"),
        ("x" * 27, "a producer code has 27"),
        ("Acme Ltd", "visible ASCII"),
        ("包装", "visible ASCII"),
        ('a"b', "visible ASCII"),
        ("", "visible ASCII"),
    ],
)
def test_a_slip_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        producer_code(text)


@given(place=st.integers(0, 17), sign=st.sampled_from(CREDIT_DIGITS))
def test_one_wrong_character_never_passes(place: int, sign: str) -> None:
    code = REAL[:4] + REAL[4 : 4 + place] + sign + REAL[5 + place :]
    if code == REAL:
        assert producer_code(code) == REAL
    else:
        with pytest.raises(ValueError, match="should be"):
            producer_code(code)


def test_the_setting_is_checked_when_it_is_read() -> None:
    assert settings_from({}).label.producer == PRACTICE_PRODUCER
    assert settings_from({"PACKSHOT_LABEL__PRODUCER": REAL}).label.producer == REAL
    with pytest.raises(SettingsInvalid, match=r"PACKSHOT_LABEL__PRODUCER cannot be used: .*27 characters"):
        settings_from({"PACKSHOT_LABEL__PRODUCER": REAL[:-1]})


def test_a_keys_password_is_not_printed() -> None:
    settings = settings_from({"PACKSHOT_SIGNING__KEY_PASSWORD": "sesame"})
    assert "sesame" not in repr(settings)
