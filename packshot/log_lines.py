"""Lines of the processes that `up` looks after: as records for their files, and as text for people."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.step_log import json_line, plain

HEAD = ("time", "level", "process", "event", "request_id")
"""Fields that every record has, first and in this order; `request_id` only where there is one."""

LOUD = {"warning", "error", "critical"}
LEVELS = {"debug", "info", *LOUD}
LONGEST_LINE = 16_000


def record_of(process: str, line: str) -> dict[str, Any]:
    """Return what a process said as a record: its own JSON, or a plain line as the `message` of one.

    The process is the one whose pipe it was, whatever the line claims.
    """
    said = _json(line[:LONGEST_LINE])
    if said is None:
        said = {"event": "line", "message": line[:LONGEST_LINE].rstrip()}
    level = str(said.get("level", "info")).lower()
    head = {
        "time": str(said.get("time") or datetime.now(UTC).isoformat(timespec="milliseconds")),
        "level": level if level in LEVELS else "info",
        "process": process,
        "event": str(said.get("event") or "message"),
        "request_id": said.get("request_id"),
    }
    rest = {name: value for name, value in said.items() if name not in HEAD}
    return {name: value for name, value in {**head, **rest}.items() if value is not None}


def written(record: Mapping[str, Any]) -> str:
    """Return a record as the line that is kept."""
    return json_line(record)


def shown(record: Mapping[str, Any]) -> str:
    """Return a record as a person reads it, without its process; nothing in it can move the cursor."""
    rest = {name: value for name, value in record.items() if name not in HEAD}
    message = rest.pop("message", None)
    parts = [str(record["time"])[11:19]]
    if record["level"] in LOUD:
        parts.append(str(record["level"]).upper())
    if record["event"] not in ("line", "message"):
        parts.append(str(record["event"]).replace("_", " "))
    if message:
        parts.append(str(message))
    parts += [f"{name}={value}" for name, value in rest.items() if name != "logger"]
    if record.get("request_id"):
        parts.append(f"[{str(record['request_id'])[:8]}]")
    return plain(" ".join(parts))


def _json(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
