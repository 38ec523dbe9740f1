"""One line of JSON for each request, whatever is in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.step_log import json_line
from tests.factories import a_job
from tests.zimage_core.service.served import an_app, an_engine, running

VALUES = st.one_of(
    st.text(),
    st.text(alphabet="\r\n\x0b\x0c\x1b\x85\u2028\u2029[31m{}\"'\\"),
    st.binary(),
    st.integers(),
    st.none(),
)


@given(st.dictionaries(st.text(max_size=20), VALUES, max_size=5))
def test_no_value_can_start_a_second_line(facts: dict[str, object]) -> None:
    line = json_line(facts)
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert json.loads(line).keys() == facts.keys()


def test_a_render_leaves_one_line_that_tells_how_it_went() -> None:
    lines: list[str] = []
    with running(engine := an_engine()):
        answer = an_app(engine, lines.append).post("/v1/renders", content=a_job().model_dump_json())
    (line,) = map(json.loads, lines)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["job"], line["tenant"], line["variant"]) == (a_job().id, "local", "turbo")
    assert (line["steps"], line["outcome"], line["status"]) == (8, "finished", 200)
    assert line["shape_key"].startswith("turbo-128x128-")
    assert line["queue_ms"] >= 0
    assert line["run_ms"] > 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("form-0123456789abcdef", True),
        ("short", False),
        ("x" * 65, False),
        ("0123456789 forged", False),
        ("12345678\x1b[31m", False),
    ],
)
def test_an_id_that_is_well_formed_is_kept_and_another_replaced(sent: str, *, kept: bool) -> None:
    lines: list[str] = []
    with running(engine := an_engine()):
        service = an_app(engine, lines.append)
        answer = service.get("/v1/models", headers={"x-request-id": sent})
    named = answer.headers["x-request-id"]
    assert (named == sent) is kept
    assert json.loads(lines[0])["request_id"] == named


def test_pictures_asked_for_together_are_one_line() -> None:
    lines: list[str] = []
    with running(engine := an_engine()):
        body = {"prompt": "a mug", "n": 3, "seed": 1}
        an_app(engine, lines.append).post("/v1/images/generations", json=body)
    (line,) = map(json.loads, lines)
    assert (line["jobs"], line["steps"], line["outcome"]) == (3, 24, "finished")


def test_what_is_refused_is_written_down_too() -> None:
    lines: list[str] = []
    service = an_app(an_engine(), lines.append)
    service.post("/v1/renders", content=b"x")
    service.get("/nowhere%0d%0aforged: line")
    service.get("/v1/renders" + "x" * 10_000)
    assert [json.loads(line)["status"] for line in lines] == [503, 404, 404]
    assert all(len(line) < 1000 and len(line.splitlines()) == 1 for line in lines)


def test_the_log_names_the_error_a_job_ended_with() -> None:
    lines: list[str] = []
    with running(engine := an_engine()):
        job = a_job(deadline_s=1e-9)
        an_app(engine, lines.append).post("/v1/renders", content=job.model_dump_json())
    assert json.loads(lines[0])["outcome"] == "render_timed_out"


def test_probes_leave_no_line() -> None:
    lines: list[str] = []
    service = an_app(an_engine(), lines.append)
    for path in ("/health/live", "/health/ready", "/health", "/metrics"):
        service.get(path)
    assert not lines
