"""What processes say: as files that turn over by day and size, and as lines that nothing in them can forge."""

import json
import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.log_files import DailyFile
from packshot.log_lines import record_of, shown, written
from schemas.request_ids import current_request_id, request_id_from, under_request
from schemas.step_log import JsonLines

HOSTILE = st.text(alphabet=st.sampled_from('ab {}"\\:\r\n\x0b\x1b[31m\x7f\x85\u2028\u202e'), max_size=60)
TODAY = datetime.now(UTC).date()


def tomorrow() -> date:
    return TODAY + timedelta(days=1)


def test_a_new_day_begins_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "core.jsonl"
    DailyFile(path).write("yesterday's")
    DailyFile(path, day=tomorrow).write("today's")
    assert path.read_text() == "today's\n"
    assert (tmp_path / f"core.{TODAY}.jsonl").read_text() == "yesterday's\n"


def test_a_loud_day_has_several_files_and_old_ones_go(tmp_path: Path) -> None:
    file = DailyFile(tmp_path / "core.jsonl", largest=30, kept=3)
    for number in range(12):
        file.write(f"line {number:02} of twenty bytes")
    names = [path.name for path in file.earlier()]
    assert names == [f"core.{TODAY}.{number}.jsonl" for number in (8, 9, 10)]
    assert (tmp_path / "core.jsonl").read_text() == "line 11 of twenty bytes\n"


def test_one_process_turns_over_no_other_ones_files(tmp_path: Path) -> None:
    (tmp_path / f"studio.{TODAY}.jsonl").write_text("kept")
    file = DailyFile(tmp_path / "core.jsonl", largest=1, kept=1)
    for _ in range(4):
        file.write("a line")
    assert (tmp_path / f"studio.{TODAY}.jsonl").exists()


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    file = DailyFile(tmp_path / "gone" / "core.jsonl")
    file.write("a line")
    assert file.lost == 1


@given(HOSTILE)
def test_whatever_a_process_says_is_one_line_of_its_own(said: str) -> None:
    record = record_of("core", said)
    line = written(record)
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert json.loads(line)["process"] == "core"
    assert shown(record).isprintable()


@given(st.dictionaries(st.sampled_from(["time", "level", "process", "event", "request_id", "sku"]), HOSTILE))
def test_json_of_a_process_cannot_pass_for_another_ones(said: dict[str, str]) -> None:
    record = record_of("core", json.dumps(said))
    assert record["process"] == "core"
    assert record["level"] in {"debug", "info", "warning", "error", "critical"}
    assert shown(record).isprintable()


def test_a_step_names_the_request_it_was_for() -> None:
    record = logging.LogRecord("packshot.steps", logging.INFO, "", 0, "said", None, None)
    record.event, record.facts = "files_made", {"sku": "MUG-1\nforged"}
    with under_request("form-12345678"):
        line = json.loads(JsonLines("flows").format(record))
    assert (line["event"], line["request_id"], line["sku"]) == (
        "files_made",
        "form-12345678",
        "MUG-1\nforged",
    )
    assert current_request_id() == ""


@pytest.mark.parametrize(
    "given_id", [None, "", "short", "a b c d e f g h", "x" * 65, "-leading-dash", "ümlaut-id-1"]
)
def test_an_id_that_is_not_well_formed_is_replaced(given_id: str | None) -> None:
    made = request_id_from(given_id)
    assert made != given_id
    assert len(made) == 32
