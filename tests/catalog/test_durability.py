"""Faults at every point of a shot's way, and the order of effects that a power cut asks for."""

import os
import shutil
import tempfile
from errno import EIO
from pathlib import Path

import pytest

from benchmarks.faults_order import syncs, traced_way, violations
from benchmarks.faults_points import Fuse, Places, enumerate_points, every_point, one_point
from benchmarks.faults_way import came, fast_disk, go
from catalog import CatalogUnavailable, publish

ONE_IN = 17
"""Of each kind of point and fault, the suite tries one in so many; `python -m benchmarks.faults` tries all."""


@pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed, so calls cannot be recorded"
)
def test_what_a_row_names_is_durable_before_the_row_is(tmp_path: Path) -> None:
    log = traced_way(tmp_path)
    assert syncs(log) >= 10
    assert violations(log, tmp_path / "place") == []


@pytest.mark.parametrize(
    ("calls", "why"),
    [
        (['write(5</r/a.tmp>, "x", 1) = 1', 'rename("/r/a.tmp", "/r/a") = 0', "fsync(4</r>) = 0"], "/r/a was not synced"),
        (['write(5</r/a>, "x", 1) = 1', "fsync(5</r/a>) = 0", 'rename("/r/a", "/r/b") = 0'], "name /r/b"),
        (['mkdir("/r/ab", 0777) = 0', 'mkdir("/r/ab/cd", 0777) = 0', "fsync(4</r/ab>) = 0"], "name /r/ab was"),
    ],
)  # fmt: skip
def test_the_lint_sees_what_was_left_out(calls: list[str], why: str) -> None:
    log = "\n".join(f"77  {call}" for call in [*calls, "fdatasync(3</r/catalog.sqlite>) = 0"])
    (sentence,) = violations(log, Path("/r"))
    assert why in sentence


def test_every_point_is_recovered_from_by_the_next_run() -> None:
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        tried = list(every_point(Places(Path(folder)), stride=ONE_IN))
    assert len(tried) >= 30
    assert [one for one in tried if one[3]] == []


def test_the_points_are_as_many_as_they_were() -> None:
    """A way that passes fewer points than before goes round the places where faults are planted."""
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        places = Places(Path(folder))
        counts = {
            kind: one_point(places(), Fuse(kind, "", 1 << 30)) for kind in ("file", "statement", "commit")
        }
    assert counts["file"] >= 30
    assert counts["statement"] >= 60
    assert counts["commit"] >= 8


def test_the_oracle_sees_a_lost_file() -> None:
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        place = Places(Path(folder))()
        with place.open() as catalog:
            go(catalog, place, "anna")
        assert came(place).clean
        (exported,) = (place.folder / "renditions" / "wechat").iterdir()
        exported.unlink()
        assert not came(place).clean


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, "mug.jpg", b"old")

    def broken(_: int) -> None:
        raise OSError(EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(CatalogUnavailable):
            publish(tmp_path, "mug.jpg", b"the new one")
    assert (tmp_path / "mug.jpg").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["mug.jpg"]


@pytest.mark.slow
def test_every_point_on_postgresql(postgres: str) -> None:
    assert enumerate_points("postgresql", postgres) == []
