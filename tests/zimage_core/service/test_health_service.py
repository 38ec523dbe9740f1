"""What probes and Prometheus are told."""

import re
from pathlib import Path

import pytest

from schemas import Variant
from tests.factories import a_job
from tests.zimage_core.service.conftest import Serve
from tests.zimage_core.service.served import an_app, an_engine, through
from zimage_core.backends.fake import FakeBackend, FakeClock
from zimage_core.batching import ShapeKey
from zimage_core.engine import Engine
from zimage_core.errors import CoreBusy, DegeneratePicture, RenderCancelled, RenderError
from zimage_core.metrics import SIZES, Instruments
from zimage_core.ports import Observer
from zimage_core.service.keys import add_key
from zimage_core.tickets import Ticket

DOCS = Path(__file__).resolve().parents[3] / "docs" / "core.md"


def test_a_core_that_loads_is_live_but_not_ready() -> None:
    service = an_app(an_engine())
    assert service.get("/health/live").status_code == 200
    answer = service.get("/health/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["message"] == "The core is loading."
    assert service.get("/health").json()["state"] == "loading"


def test_a_loaded_core_is_ready_and_tells_all_about_itself(serve: Serve) -> None:
    service = serve()
    through(service).wait_until_ready(1.0)
    health = service.get("/health").json()
    assert health["state"] == "ready"
    assert health["memory"]["total"] > 0
    assert {model["name"] for model in health["residents"]} == {"turbo", "base"}
    assert {"uptime_s", "waiting", "running", "memory_mode", "last_error", "trouble"} <= health.keys()


def test_a_draining_core_is_not_ready(serve: Serve) -> None:
    engine = an_engine()
    service = serve(engine)
    engine.drain()
    assert service.get("/health/ready").json()["context"]["state"] == "draining"
    answer = service.post("/v1/renders", content=b"never parsed")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def samples(instruments: Instruments) -> dict[str, float]:
    lines = instruments.text().decode().splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


KEY = ShapeKey(Variant.TURBO, 128, 128, 32, 0, "fake")


def a_ticket() -> Ticket:
    return Ticket(a_job(), "job_1", KEY, 1, 0, 0.0, tenant="acme", device_seconds=0.5)


OBSERVATIONS = {
    "accepted": lambda it: it.accepted(a_job(), "acme"),
    "rejected": lambda it: it.rejected(CoreBusy(), "acme"),
    "queued": lambda it: it.queued(KEY, "acme", 0.1),
    "stepped": lambda it: it.stepped(KEY, 4, 3, 0.1),
    "decoded": lambda it: it.decoded(KEY, 0.1),
    "finished": lambda it: it.finished(a_ticket(), 0.1),
    "failed": lambda it: it.failed(a_ticket(), RenderError()),
    "out_of_memory": lambda it: it.out_of_memory(KEY),
    "loaded": lambda it: it.loaded("turbo", 1.0),
    "unloaded": lambda it: it.unloaded("turbo"),
}


def test_everything_that_an_engine_observes_is_tried() -> None:
    told = {name for name in vars(Observer) if not name.startswith("_")}
    assert told == OBSERVATIONS.keys()


@pytest.mark.parametrize("name", OBSERVATIONS)
def test_every_observation_can_be_read_in_the_metrics(name: str) -> None:
    instruments = Instruments()
    before = samples(instruments)
    OBSERVATIONS[name](instruments)
    assert samples(instruments) != before


def names_of(engine: Engine) -> set[str]:
    instruments = engine.observer
    assert isinstance(instruments, Instruments)
    instruments.watch(engine.health)
    return set(re.findall(r"^# TYPE (\S+) ", instruments.text().decode(), re.MULTILINE))


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    documented = set(re.findall(r"^\| `(packshot_core_\w+)", DOCS.read_text(), re.MULTILINE))
    assert names_of(an_engine()) == documented


def test_the_width_of_a_batch_and_its_dummies_are_told() -> None:
    instruments = Instruments()
    instruments.stepped(KEY, 4, 3, 0.1)
    told = samples(instruments)
    shape = 'size="128x128",variant="turbo"'
    assert told[f"packshot_core_batch_width_sum{{{shape}}}"] == 4
    assert told[f"packshot_core_dummy_rows_total{{{shape}}}"] == 1


def test_cancels_and_degenerate_pictures_are_counted_apart() -> None:
    instruments = Instruments()
    instruments.failed(a_ticket(), RenderCancelled())
    instruments.failed(a_ticket(), DegeneratePicture())
    told = samples(instruments)
    assert told["packshot_core_cancels_total"] == 1
    assert told['packshot_core_degenerate_total{variant="turbo"}'] == 1
    assert told['packshot_core_device_seconds_total{tenant="acme"}'] == 1.0


def test_clients_cannot_swell_the_metrics_with_sizes() -> None:
    instruments = Instruments()
    for number in range(1, SIZES + 50):
        instruments.decoded(ShapeKey(Variant.TURBO, 16 * number, 16, 32, 0, "fake"), 0.1)
    sizes = set(re.findall(r'size="(\w+)"', instruments.text().decode()))
    assert len(sizes) == SIZES + 1
    assert "other" in sizes


def test_memory_that_no_tensor_uses_is_told_as_a_share(serve: Serve) -> None:
    text = serve(an_engine(FakeBackend())).get("/metrics").text
    assert re.search(r"^packshot_core_device_memory_fragmentation 0\.0$", text, re.MULTILINE)
    assert re.search(r'^packshot_core_model_resident\{model="turbo"\} 1\.0$', text, re.MULTILINE)


def test_uptime_is_the_engines_clock() -> None:
    clock = FakeClock()
    engine = an_engine(clock=clock)
    clock.advance(5)
    assert an_app(engine).get("/health").json()["uptime_s"] == 5


def test_every_kind_of_refusal_is_counted_once(serve: Serve, tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    render = {"authorization": f"Bearer {add_key(keys, 'acme', 'render')}"}
    admin = {"authorization": f"Bearer {add_key(keys, 'house', 'admin')}"}
    service = serve(an_engine(), keys=keys)
    service.post("/v1/renders", content=b"{}")
    service.get("/metrics", headers=render)
    service.get("/nowhere", headers=admin)
    service.put("/v1/renders", headers=admin)
    service.post("/v1/renders", content=b"{}", headers=render)
    service.post("/v1/renders", content=b"x" * (2 << 20), headers=render)
    text = service.get("/metrics", headers=admin).text
    counted = dict(
        re.findall(r'^packshot_core_rejections_total\{reason="(\w+)"\} (\S+)$', text, re.MULTILINE)
    )
    assert counted == {
        "key_refused": "1.0",
        "not_allowed": "1.0",
        "nothing_there": "1.0",
        "method_refused": "1.0",
        "invalid_render": "1.0",
        "body_too_large": "1.0",
    }
