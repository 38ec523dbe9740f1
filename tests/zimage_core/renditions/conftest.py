"""Fonts for the tests of words on pictures."""

import pytest

from zimage_core.renditions.errors import FontMissing
from zimage_core.renditions.fonts import Typefaces, typefaces


@pytest.fixture(scope="session")
def faces() -> Typefaces:
    """The system's Chinese faces; the test is skipped where there are none."""
    try:
        return typefaces()
    except FontMissing as error:
        pytest.skip(error.message)
