"""A file that cannot be read, by accident or by intent, is answered with one sentence."""

import contextlib
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_rules import read_forms
from schemas import SheetUnreadable
from tests.prompt_rules.files import CHANNELS, GOOD, HEADER, SHOTS, WORKBOOK, as_csv, as_jsonl, as_xlsx, read
from tests.prompt_rules.verbs import packaged


def _zip(**entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


UTF16 = "sku,title\nA,b\n".encode("utf-16")
LATIN = b"sku,title\nA,caf\xe9 \xe0 la cr\xe8me\n"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("forms.txt", b"x", "not a kind of form file that is read; use .csv, .xlsx, .jsonl"),
        ("forms.xls", b"x", "not a kind of form file"),
        ("forms.csv", b"", "is empty"),
        ("forms.csv", b" \n ", "is empty"),
        ("forms.csv", b"sku,title\n\n,,\n", "has no data rows"),
        ("forms.csv", b"sku\0,title\nA,b\n", "NUL bytes"),
        ("forms.csv", UTF16, "is it UTF-16?"),
        ("forms.csv", LATIN, "is not UTF-8 (byte 0xE9 in line 2); save it as CSV UTF-8"),
        ("forms.csv", b"sku;title;category\nA;b;c\n", "by semicolons or tabs"),
        ("forms.csv", b"a," * 70 + b"a\n" + b"1\n", "more than 64 columns"),
        ("forms.csv", b"a\n" + b"1\n" * 5001, "more than 5,000 rows"),
        ("forms.csv", b"a\n" + b"\n" * 20_000 + b"1\n", "below row 20,000"),
        ("forms.jsonl", b"\xff\xfe", "is not UTF-8"),
        ("forms.jsonl", b"\n\0\n", "NUL bytes"),
        ("forms.jsonl", b"\xef\xbb\xbf", "has no data rows"),
        ("forms.jsonl", b"{}\n" * 5001, "more than 5,000 rows"),
        ("forms.xlsx", b"no zip", "is not an .xlsx workbook"),
        ("forms.xlsx", b"\xd0\xcf\x11\xe0rest", "old .xls file or has a password"),
        ("forms.xlsx", _zip(a=b"1"), "is not a workbook that can be read"),
        ("forms.xlsx", _zip(**{f"f{n}": b"1" for n in range(201)}), "packs 201 files, at most 200"),
        ("forms.xlsx", _zip(**{"../a": b"1"}), "packs a file outside itself"),
        ("forms.xlsx", _zip(**{"/a": b"1"}), "packs a file outside itself"),
        ("forms.xlsx", _zip(a=b"0" * 1_000_000), "100-fold, as a zip bomb does"),
        ("forms.xlsx", _zip(a=b"0" * 50_000_001), "unpacks to 50,000,001 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    with pytest.raises(SheetUnreadable) as caught:
        read(tmp_path, data, name)
    assert words in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SheetUnreadable, match="There is no file"):
        read_forms(tmp_path / "none.csv", packaged(), CHANNELS, SHOTS)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SheetUnreadable, match="is a folder"):
        read_forms(tmp_path / "folder.csv", packaged(), CHANNELS, SHOTS)


def test_a_workbook_of_entities_is_refused(tmp_path: Path) -> None:
    book = as_xlsx([HEADER, GOOD])
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/"):
                data = b'<!DOCTYPE a [<!ENTITY e "x">]>' + data.removeprefix(b'<?xml version="1.0"?>')
            new.writestr(name, data)
    assert openpyxl.DEFUSEDXML
    with pytest.raises(SheetUnreadable, match="is not a workbook that can be read"):
        read(tmp_path, stream.getvalue(), "forms.xlsx")


def test_a_workbook_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetUnreadable, match="more than 5,000 rows"):
        read(tmp_path, as_xlsx([["sku"], *([["A"]] * 5001)]), "forms.xlsx")
    with pytest.raises(SheetUnreadable, match="more than 64 columns"):
        read(tmp_path, as_xlsx([["sku"] * 65, ["A"] * 65]), "forms.xlsx")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode),
    lead=st.sampled_from([b"", as_csv([HEADER, GOOD]), as_jsonl([HEADER, GOOD]), WORKBOOK]),
    extension=st.sampled_from([".csv", ".xlsx", ".jsonl"]),
)
def test_any_bytes_give_a_sheet_or_one_sentence(
    tmp_path: Path, data: bytes, lead: bytes, extension: str
) -> None:
    with contextlib.suppress(SheetUnreadable):
        sheet = read(tmp_path, lead + b"\n" + data, f"forms{extension}")
        assert all(problem.fix and "\n" not in problem.sentence for problem in sheet.problems)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(min_value=0), byte=st.integers(0, 255))
def test_a_damaged_workbook_gives_a_sheet_or_one_sentence(tmp_path: Path, at: int, byte: int) -> None:
    data = bytearray(WORKBOOK)
    data[at % len(data)] = byte
    with contextlib.suppress(SheetUnreadable):
        read(tmp_path, bytes(data), "forms.xlsx")
