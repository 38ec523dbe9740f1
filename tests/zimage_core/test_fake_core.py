import subprocess
import sys

import pytest

from schemas import RenderJob
from tests.factories import a_job
from zimage_core.errors import CoreBusy
from zimage_core.fake_core import FakeCore


def test_the_fake_renders_the_same_picture_every_time() -> None:
    core = FakeCore()
    first, again, other = core.render(a_job(0)), core.render(a_job(0)), core.render(a_job(1))
    assert first.png == again.png
    assert first.png != other.png
    assert core.jobs == [a_job(0), a_job(0), a_job(1)]


def test_the_fake_accepts_as_much_as_it_is_told() -> None:
    core = FakeCore(lambda job: 0.2 if job.seed == a_job(0).seed else 0.9)
    assert [core.render(a_job(n)).scores.p_accept for n in range(2)] == [0.2, 0.9]


def test_the_fake_fails_as_it_is_told() -> None:
    def fail(_: RenderJob) -> float:
        raise CoreBusy(retry_after_s=1)

    with pytest.raises(CoreBusy):
        FakeCore(fail).render(a_job())


def test_a_flow_process_never_loads_torch() -> None:
    code = "import sys, zimage_core.client, zimage_core.fake_core; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
