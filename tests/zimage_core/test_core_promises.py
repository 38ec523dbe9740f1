"""docs/core.md names the test that shows each promise of the engine."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_promise_has_its_test() -> None:
    named = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", (ROOT / "docs" / "core.md").read_text())
    assert len(named) >= 20
    missing = [test for file, test in named if f"def {test}(" not in (ROOT / file).read_text()]
    assert missing == []
