"""What a process did, as lines of JSON that no value in them can break or forge."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from schemas.request_ids import current_request_id

STEPS = "packshot.steps"
"""The logger of all steps; Prefect shows it in the run's own log when told of it."""

LONGEST = 500
"""Characters of a text that are kept."""


def step(event: str, /, **facts: Any) -> None:
    """Log that something was done: `event` in words with underscores, `facts` that say to what.

    Costs next to nothing in a process that shows its steps to nobody.
    """
    log = logging.getLogger(STEPS)
    if log.isEnabledFor(logging.INFO) and log.hasHandlers():
        told = {name: value for name, value in facts.items() if value not in (None, "")}
        request_id = told.pop("request_id", "") or current_request_id()
        words = " ".join([event, *(f"{name}={value}" for name, value in told.items())])
        extra = {"event": event, "facts": told, "request_id": request_id}
        log.info("%s", plain(words), extra=extra)


def json_line(facts: Mapping[str, object]) -> str:
    """Return facts as one line of ASCII JSON; a long text among them is cut."""
    short = {name: value[:LONGEST] if isinstance(value, str) else value for name, value in facts.items()}
    return json.dumps(short, default=str).replace("\x7f", "\\u007f")


def plain(text: str) -> str:
    """Return text with every sign escaped that a terminal would obey instead of show."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


class JsonLines(logging.Formatter):
    """Formats any record as one line of JSON: time, level, process, event, request_id, and its facts."""

    def __init__(self, process: str) -> None:
        """Say that records come from `process`."""
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; an exception is told in its last line alone."""
        facts: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "event": getattr(record, "event", "message"),
            "request_id": getattr(record, "request_id", "") or current_request_id() or None,
        }
        told = getattr(record, "facts", None)
        facts |= told if isinstance(told, dict) else {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            facts["error"] = f"{type(error).__name__}: {error}"
        return json_line({name: value for name, value in facts.items() if value is not None})


def log_steps(process: str, stream: TextIO | None = None) -> None:
    """Write the steps of this process to `stream` (standard error); called again it changes nothing."""
    log = logging.getLogger(STEPS)
    if any(isinstance(handler.formatter, JsonLines) for handler in log.handlers):
        return
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(process))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
