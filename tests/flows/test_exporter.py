"""Files made in child processes: the same files, and a picture that kills its child kills nothing else."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from flows.exporter import Exporter, ExportOrder, carried_out
from tests.factories import a_job, a_shot
from zimage_core.errors import ExportFailed
from zimage_core.fake_core import FakeCore
from zimage_core.renditions import AiSystem, ExportedFile, default_recipes


def an_order() -> ExportOrder:
    shot = a_shot(channels=("aliexpress",))
    recipes = default_recipes().for_shot(shot.form.channels, shot.shot_type)
    png = FakeCore().render(a_job()).png
    return ExportOrder(
        png, recipes, shot, "packshot-practice", datetime(2026, 11, 20, tzinfo=UTC), AiSystem("Z-Image")
    )


def test_a_child_makes_the_same_files_as_the_flow_itself() -> None:
    order = an_order()
    with Exporter(1) as exporter:
        (made,) = exporter.make(order)
    (own,) = carried_out(order)
    assert isinstance(made, ExportedFile)
    assert isinstance(own, ExportedFile)
    assert made.data == own.data


def test_a_child_that_dies_costs_its_own_picture_only() -> None:
    order = an_order()
    with Exporter(1) as exporter:
        exporter.make(order)
        child = exporter._free.get()
        assert child is not None
        os.kill(child.pid, signal.SIGKILL)
        exporter._free.put(child)
        (died,) = exporter.make(order)
        assert isinstance(died, ExportFailed)
        assert "-9" in died.message
        (made,) = exporter.make(order)
        assert isinstance(made, ExportedFile)


def test_many_threads_share_few_children() -> None:
    order = an_order()
    with Exporter(2) as exporter, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(exporter.make, [order] * 8))
    assert len({file.data for (file,) in made if isinstance(file, ExportedFile)}) == 1


def test_a_broken_master_is_a_reason_and_not_a_death() -> None:
    order = ExportOrder(**{**an_order().__dict__, "png": b"no picture"})
    with Exporter(1) as exporter:
        (refused,) = exporter.make(order)
        child = exporter._free.get()
        exporter._free.put(child)
    assert isinstance(refused, ExportFailed)
    assert child is not None


@pytest.mark.parametrize("workers", [0, 1])
def test_an_exporter_that_was_never_used_ends_at_once(workers: int) -> None:
    with Exporter(workers):
        pass
