"""Nothing waits for ever: outgoing calls have timeouts, and queues between threads have bounds."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("catalog", "flows", "packshot", "prompt_rules", "schemas", "studio", "zimage_core")

TIMED = {
    "httpx.Client", "httpx.AsyncClient", "httpx.get", "httpx.post", "httpx.put", "httpx.delete", "httpx.head",
    "httpx.request", "httpx.stream", "urlopen", "urllib.request.urlopen", "socket.create_connection",
    "smtplib.SMTP", "smtplib.SMTP_SSL",
}  # fmt: skip
BOUNDED = {"Queue", "queue.Queue", "asyncio.Queue", "LifoQueue", "PriorityQueue"}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.value if isinstance(node.func, ast.Subscript) else node.func
            yield ast.unparse(name), node


def waits_for_ever(source: Path) -> list[str]:
    found = []
    for name, call in calls(source):
        keywords = {keyword.arg for keyword in call.keywords}
        if name in TIMED and "timeout" not in keywords:
            found.append(f"line {call.lineno}: {name} without a timeout")
        if name in BOUNDED and not call.args and "maxsize" not in keywords:
            found.append(f"line {call.lineno}: {name} without a bound")
    return found


@pytest.mark.parametrize(
    "path",
    [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_nothing_waits_for_ever(path: Path) -> None:
    assert waits_for_ever(path) == []


def test_the_rule_sees_what_it_looks_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("httpx.Client(base_url=url)\nlines = Queue[int]()\nhttpx.get(url, timeout=3)\nQueue(8)\n")
    assert waits_for_ever(bad) == ["line 1: httpx.Client without a timeout", "line 2: Queue without a bound"]
