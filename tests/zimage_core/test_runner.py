import threading
from collections.abc import Iterator

import pytest

from tests.factories import a_job
from zimage_core.backends.fake import FakeBackend, FakeClock, FakeScorer
from zimage_core.batching import Batch
from zimage_core.engine import Engine
from zimage_core.errors import CoreUnavailable, RenderTimedOut
from zimage_core.ports import EngineState
from zimage_core.runner import HUNG_EXIT_CODE, EngineThread


class StandingDevice(FakeBackend):
    """Stands still at its first pass until it is let go."""

    def __init__(self) -> None:
        super().__init__(on_step=self.stand)
        self.entered = threading.Event()
        self.released = threading.Event()

    def stand(self, _: Batch) -> None:
        self.entered.set()
        self.released.wait(10)


@pytest.fixture
def device() -> Iterator[StandingDevice]:
    device = StandingDevice()
    yield device
    device.released.set()


def started(backend: FakeBackend, clock: FakeClock, on_hang: threading.Event | None = None) -> EngineThread:
    ready = threading.Event()
    engine = Engine(backend, FakeScorer(), queue_limit=8, batch_width=2, finishers=1, clock=clock)
    runner = EngineThread(
        engine, on_ready=ready.set, hang_limit_s=30.0, on_hang=(on_hang or threading.Event()).set
    )
    runner.start()
    assert ready.wait(10)
    return runner


def test_waiters_are_answered_at_their_deadline_even_while_the_device_stands_still(
    device: StandingDevice,
) -> None:
    clock = FakeClock()
    runner = started(device, clock)
    ticket = runner.engine.submit(a_job(deadline_s=5.0))
    assert device.entered.wait(10)
    clock.advance(5.1)
    assert isinstance(ticket.future.exception(10), RenderTimedOut)
    assert runner.engine.health().state is EngineState.READY
    device.released.set()
    runner.stop()


def test_a_hung_device_is_given_up_and_every_job_told_to_come_again(device: StandingDevice) -> None:
    clock, hung = FakeClock(), threading.Event()
    runner = started(device, clock, hung)
    tickets = [runner.engine.submit(a_job(number)) for number in range(3)]
    assert device.entered.wait(10)
    clock.advance(29.0)
    assert runner.watch()
    clock.advance(2.0)
    assert hung.wait(10)
    for ticket in tickets:
        error = ticket.future.exception(10)
        assert isinstance(error, CoreUnavailable)
        assert error.retryable
    assert (runner.engine.health().state, runner.engine.ready) == (EngineState.HUNG, False)
    device.released.set()
    runner.stop()
    assert HUNG_EXIT_CODE == 75


def test_a_drained_runner_has_finished_what_had_begun(device: StandingDevice) -> None:
    runner = started(device, FakeClock())
    begun = runner.engine.submit(a_job(0))
    assert device.entered.wait(10)
    waiting = runner.engine.submit(a_job(1))
    device.released.set()
    assert runner.drain(10.0)
    assert begun.future.result(0).png
    outcome = waiting.future.exception(0)
    assert outcome is None or isinstance(outcome, CoreUnavailable)


def test_a_drain_that_takes_too_long_says_so(device: StandingDevice) -> None:
    runner = started(device, FakeClock())
    begun = runner.engine.submit(a_job(0))
    assert device.entered.wait(10)
    threading.Timer(0.3, device.released.set).start()
    assert not runner.drain(0.0)
    assert isinstance(begun.future.exception(0), CoreUnavailable)
