"""One request id, and one trace, from the form that came in to the files that went out."""

import io
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from catalog import Catalog, store_at
from flows.chunks import Chunk
from flows.exporter import Exporter
from flows.line import line_of
from flows.outcomes import Tally
from flows.services import open_records, services_with
from packshot.studio_process import opened_studio
from schemas import Role, Settings, settings_from
from schemas.step_log import STEPS, log_steps
from schemas.tracing import start_tracing, stop_tracing
from tests.zimage_core.service.served import an_app, an_engine, running, through

OURS = "form-0123456789abcdef"
FORM = {
    "sku": "MUG-1",
    "title": "Everyday mug",
    "category": "mug",
    "colour": "red",
    "shots": ["white_main"],
    "channels": ["shopify"],
}


@pytest.fixture
def settings() -> Settings:
    return settings_from({"PACKSHOT_FLOWS__EXPORT_WORKERS": "0"})


@pytest.fixture
def steps() -> Iterator[io.StringIO]:
    """The steps of this process as it would write them to standard error."""
    log, stream = logging.getLogger(STEPS), io.StringIO()
    log_steps("flows", stream)
    yield stream
    for handler in list(log.handlers):
        log.removeHandler(handler)
    log.propagate = True


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    start_tracing("test", exporter)
    yield exporter
    stop_tracing()


def handed_in(settings: Settings, workspace: Path, request_id: str) -> str:
    """Hand the form in as a program does; return the id that it is known by."""
    with Catalog.open(f"sqlite:///{workspace / 'catalog.sqlite'}", store_at(workspace / "assets")) as catalog:
        secret = catalog.issue_key("shop", Role.OPERATOR, "test").secret
    with opened_studio(settings, workspace) as studio:
        client = TestClient(studio.app, base_url="http://localhost")
        headers = {"authorization": f"Bearer {secret}", "x-request-id": request_id}
        answer = client.post("/api/forms", json={"form": FORM, "campaign": "spring"}, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["x-request-id"])


def made(settings: Settings, workspace: Path) -> list[dict[str, object]]:
    """Bring the campaign's shots to their files, with a core behind HTTP; return the core's lines."""
    lines: list[str] = []
    with (
        running(engine := an_engine()),
        open_records(settings, workspace) as records,
        through(an_app(engine, lines.append)) as core,
        ThreadPoolExecutor(2) as pool,
    ):
        line = line_of(services_with(settings, records, core), Exporter(0))
        leases = records.catalog.claim("spring", "test", 10)
        assert Chunk(line, Tally("spring"), leases=leases).work(pool) == len(leases) == 1
    return [json.loads(one) for one in lines]


def test_one_id_is_named_from_form_to_files(settings: Settings, tmp_path: Path, steps: io.StringIO) -> None:
    assert handed_in(settings, tmp_path, OURS) == OURS
    core = made(settings, tmp_path)
    told = [json.loads(line) for line in steps.getvalue().splitlines()]
    assert {line["request_id"] for line in [*core, *told]} == {OURS}
    events = [line["event"] for line in told]
    assert events[0] == "render_asked"
    assert events[-1] == "files_made"
    assert all(line["sku"] == "MUG-1" and line["shot"] == "white_main" for line in told)
    assert core[0]["job"] == told[0]["job"]


def test_an_id_that_could_forge_lines_is_replaced(settings: Settings, tmp_path: Path) -> None:
    given = handed_in(settings, tmp_path, 'x" forged: line with spaces')
    assert len(given) == 32
    assert {line["request_id"] for line in made(settings, tmp_path)} == {given}


def named(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


def test_one_trace_holds_every_step(settings: Settings, tmp_path: Path, spans: InMemorySpanExporter) -> None:
    handed_in(settings, tmp_path, OURS)
    made(settings, tmp_path)
    found = named(spans)
    assert {"form", "compile", "render", "core", "score", "judge", "record", "export"} <= found.keys()
    assert len({span.context.trace_id for span in found.values() if span.context}) == 1
    core, render = found["core"], found["render"]
    assert core.parent is not None
    assert render.context is not None
    assert core.parent.span_id == render.context.span_id
    assert (render.attributes or {})["packshot.sku"] == "MUG-1"
    assert (core.attributes or {})["packshot.outcome"] == "finished"


def test_nothing_is_traced_unless_it_is_asked_for() -> None:
    from schemas.tracing import annotate, span, trace_headers

    with span("render", sku="MUG-1"):
        annotate(outcome="finished")
        assert trace_headers() == {}
