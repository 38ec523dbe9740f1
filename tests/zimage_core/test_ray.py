"""The service under Ray Serve: two replicas on the CPU, one of them killed in mid-flight."""

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from catalog import AssetStore, Catalog
from schemas.settings import CoreSettings
from tests.zimage_core.serve_fake import a_slow_engine
from zimage_core.client import CoreClient

ray = pytest.importorskip("ray", reason="Ray is not installed here")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Two replicas behind Ray's proxy."""
    from ray import serve

    from zimage_core.service.ray_app import ClusterOptions, cluster

    patient = {f"RAY_SERVE_PROXY_{name}_CHECK_TIMEOUT_S": "120" for name in ("READY", "HEALTH")}
    for name, value in {
        **patient,
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",
    }.items():
        monkeypatch.setenv(name, value)
    # A minute is short for Ray's many processes on two busy cores.
    monkeypatch.setattr("ray.serve._private.api.HTTP_PROXY_TIMEOUT", 300)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ray.init(
        num_cpus=4,
        num_gpus=0,
        object_store_memory=100 << 20,
        include_dashboard=False,
        logging_level="ERROR",
        log_to_driver=False,
    )
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port}, logging_config={"log_level": "ERROR"})
        options = ClusterOptions(least=2, most=2, gpus=0, cpus=1)
        serve.run(cluster(a_slow_engine, CoreSettings(), options), name="packshot", route_prefix="/")
        yield f"http://127.0.0.1:{port}"
    finally:
        serve.shutdown()
        ray.shutdown()


def replicas() -> list[psutil.Process]:
    own = psutil.Process(os.getpid())
    return [one for one in own.children(recursive=True) if "ServeReplica" in " ".join(one.cmdline())]


def test_replicas_scale_on_requests_under_way_and_are_drained() -> None:
    from zimage_core.service.ray_app import ClusterOptions, application

    deployment = application(ClusterOptions(least=2, most=4, ongoing=8, gpus=1))._bound_deployment
    config = deployment._deployment_config
    scaling = config.autoscaling_config
    assert (scaling.min_replicas, scaling.max_replicas, scaling.target_ongoing_requests) == (2, 4, 8)
    assert deployment.ray_actor_options["num_gpus"] == 1
    assert config.graceful_shutdown_timeout_s == 30
    assert config.max_ongoing_requests > CoreSettings().queue_limit


def test_every_render_is_answered_when_one_of_two_replicas_is_killed(address: str, tmp_path: Path) -> None:
    from tests.zimage_core.test_cluster import RENDERS, Line, recorded_once, shots_of

    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", AssetStore(tmp_path / "assets"))
    with CoreClient(address) as client, ThreadPoolExecutor(RENDERS) as pool:
        client.wait_until_ready(60)
        line, shots = Line(catalog, client), shots_of(catalog)
        futures = [pool.submit(line.make, shot) for shot in shots]
        time.sleep(1.0)
        victim = replicas()[0]
        victim.kill()
        results = [future.result(300) for future in futures]
        recorded_once(catalog, shots)
    catalog.close()
    assert line.resent > 0
    assert len({result.job_id for result in results}) == RENDERS
