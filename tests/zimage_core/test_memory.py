import pytest
from hypothesis import given
from hypothesis import strategies as st

from zimage_core.errors import OutOfMemory
from zimage_core.memory import mode_for, rows_in
from zimage_core.ports import MemoryMode

REAL = {"transformer": 12_310_000_000, "encoder": 8_040_000_000, "vae": 170_000_000}
"""Bytes of the released weights in bfloat16."""


@pytest.mark.parametrize(
    ("gigabytes", "mode"),
    [
        (80, MemoryMode.FULL),
        (24.5, MemoryMode.FULL),
        (16, MemoryMode.ENCODER_APART),
        (12, MemoryMode.CASTING),
        (4, MemoryMode.OFFLOAD),
    ],
)
def test_the_fastest_mode_that_fits_the_released_weights_is_chosen(
    gigabytes: float, mode: MemoryMode
) -> None:
    assert mode_for(int(gigabytes * 1e9), **REAL) is mode


def test_a_device_that_is_too_small_is_named() -> None:
    with pytest.raises(OutOfMemory, match=r"1\.0 GB free"):
        mode_for(10**9, **REAL)


@given(st.integers(0, 10**11), st.integers(0, 10**10), st.integers(1, 64))
def test_some_row_is_always_tried_and_never_more_than_allowed(free: int, row: int, limit: int) -> None:
    assert 1 <= rows_in(free, row, limit) <= limit


def test_rows_leave_room_to_work_in() -> None:
    assert rows_in(100, 10, 64) == 8
