"""docs/core.md: every command in it works as written, and every address is in it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.zimage_core.service.served import an_engine, on_a_port, running
from zimage_core.service.policy import RULES

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "core.md").read_text()
BASH = shutil.which("bash") or ""
WRITTEN = "http://127.0.0.1:8188"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)


CURLS = [block for block in blocks("sh") if "curl" in block and "KEY" not in block]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    engine = an_engine(queue_limit=64)
    with running(engine), on_a_port(engine) as url:
        yield url


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
def test_every_curl_of_the_page_works_as_written(address: str, tmp_path: Path) -> None:
    assert len(CURLS) >= 5
    for block in CURLS:
        script = "set -euo pipefail\n" + block.replace(WRITTEN, address)
        done = subprocess.run([BASH, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (block, done.stderr)
        refused = '"status": 4' in done.stdout or '"error": {' in done.stdout
        assert refused is ("# 404" in block), (block, done.stdout)
    with Image.open(tmp_path / "mug.png") as picture:
        assert picture.size == (128, 128)


def test_the_example_in_python_works_as_written(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = blocks("python")
    monkeypatch.chdir(tmp_path)
    closing = '\nfile = open("mug.png", "wb")\nfile.write(base64.b64decode(made.data[0].b64_json))\nfile.close()\nclient.close()\n'
    body = example.replace(WRITTEN, address).rpartition("\nopen(")[0]
    exec(body + closing, {})  # noqa: S102 - it is our own page
    with Image.open(tmp_path / "mug.png") as picture:
        assert picture.size == (128, 128)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.path}")
def test_every_address_is_on_the_page(rule: object) -> None:
    head, _, deed = rule.path.rpartition("/")  # type: ignore[attr-defined]  # a Rule
    written = rule.path if deed not in {"load", "unload", "pin", "unpin"} else f"{head}/load"  # type: ignore[attr-defined]  # a Rule
    assert f"`{rule.method} {written}`" in DOCS  # type: ignore[attr-defined]  # a Rule
