"""When a webhook is tried again, when it is given up, and when its receiver is left in peace."""

import pytest

from flows.delivery_rules import SCHEDULE_S, Fate, fate_of, rest_after, wait_before


def test_the_schedule_is_that_of_the_standard() -> None:
    assert [wait_before(number) for number in range(1, 11)] == [
        0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    ]  # fmt: skip
    assert wait_before(99) == 86400


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, Fate.DELIVERED), (204, Fate.DELIVERED), (299, Fate.DELIVERED), (199, Fate.RETRY),
        (301, Fate.RETRY), (302, Fate.RETRY), (308, Fate.RETRY), (400, Fate.RETRY), (404, Fate.RETRY),
        (410, Fate.GONE), (429, Fate.RETRY), (500, Fate.RETRY), (None, Fate.RETRY),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int | None, fate: Fate) -> None:
    assert fate_of(status, tries=1) is fate


def test_after_the_last_try_a_message_is_given_up() -> None:
    fates = [fate_of(500, tries) for tries in range(1, len(SCHEDULE_S) + 1)]
    assert fates == [Fate.RETRY] * 9 + [Fate.GIVEN_UP]
    assert fate_of(200, len(SCHEDULE_S)) is Fate.DELIVERED


@pytest.mark.parametrize(
    ("failures", "rest"),
    [(0, 0), (4, 0), (5, 60), (6, 120), (7, 240), (11, 3600), (12, 3600), (10_000, 3600)],
)
def test_an_endpoint_that_keeps_failing_rests_longer_each_time(failures: int, rest: float) -> None:
    assert rest_after(failures) == rest
