"""Forms are read from CSV, XLSX and JSON lines; every bad cell is named with what would be right."""

from pathlib import Path
from typing import Any

import pytest

from prompt_rules import check_forms
from schemas import Locale, ShotType
from tests.prompt_rules.files import GOOD, HEADER, WRITERS, as_csv, as_jsonl, as_xlsx, read, row, sentences
from tests.prompt_rules.verbs import packaged


@pytest.mark.parametrize("extension", WRITERS)
def test_every_kind_of_file_gives_the_same_forms(tmp_path: Path, extension: str) -> None:
    rows = [
        HEADER,
        GOOD,
        row(sku="T-2", title="T恤", category="T恤", colour="粉色", shots="白底主图、细节图"),
    ]
    sheet = read(tmp_path, WRITERS[extension](rows), f"forms{extension}")
    mug, shirt = sheet.forms
    assert sheet.problems == ()
    assert (sheet.rows, sheet.row_count) == ((2, 3), 2)
    assert (mug.category, mug.shots, mug.channels) == (
        "mug",
        (ShotType.WHITE_MAIN, ShotType.SCENE),
        ("amazon", "taobao"),
    )
    assert (shirt.category, shirt.colour, shirt.locale) == ("tshirt", "pink", Locale.ZH)
    assert shirt.shots == (ShotType.WHITE_MAIN, ShotType.DETAIL)


def test_chinese_headers_and_words(tmp_path: Path) -> None:
    header = ["货号", "品名", "类目", "颜色", "材质", "风格", "卖点", "文案", "背景", "图型", "渠道", "必含"]
    cells = ["B-1", "Mug", "咖啡杯", "正红", "陶瓷", "高级感，简约", "保温；防漏", "慢享", "大理石", "场景图"]
    sheet = read(
        tmp_path,
        as_csv(
            [[*header, "禁止", "语言", "备注"], [*cells, "淘宝、京东", "杯垫", "文字|人物", "中文", "急"]]
        ),
    )
    assert sheet.problems == ()
    form = sheet.forms[0]
    assert (form.category, form.colour, form.material, form.background) == (
        "mug",
        "red",
        "ceramic",
        "marble",
    )
    assert form.styles == ("premium", "minimal")
    assert form.selling_points == ("保温", "防漏")
    assert (form.channels, form.must_have, form.must_not) == (("taobao", "jd"), ("杯垫",), ("文字", "人物"))
    assert form.locale is Locale.ZH


def test_chinese_excels_plain_csv(tmp_path: Path) -> None:
    rows = "货号,品名,类目,颜色,图型,渠道\nB-1,红色马克杯,马克杯,红色,场景图,淘宝\n"
    assert read(tmp_path, rows.encode("gb18030")).forms[0].title == "红色马克杯"


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + as_csv([HEADER, GOOD])).problems == ()


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (
            {"colour": "rde"},
            (
                'column colour: "rde" is not a colour we know; use one of red, orange, yellow, green, blue, purple, '
                "pink, black, white, brown, grey, beige, navy, gold, silver, rose_gold, bronze, clear, multicolour, "
                "khaki, camel, mint, lavender, haze_blue, burgundy (did you mean red?)"
            ),
        ),
        ({"colour": "洪色"}, 'column colour: "洪色" is not a colour we know; use one of 红色, 橙色'),
        ({"category": "boat"}, 'column category: "boat" is not a category we know; use one of mug, bottle'),
        ({"background": "moon"}, 'column background: "moon" is not a background we know; use one of'),
        (
            {"shots": "scene|selfie"},
            'column shots: "selfie" is not a shot type we know; use one of white_main',
        ),
        (
            {"channels": "amazn"},
            '"amazn" is not a channel we know; use one of amazon, taobao, jd (did you mean',
        ),
        ({"channels": "陶宝"}, '"陶宝" is not a channel we know; use one of 亚马逊, 淘宝, 京东'),
        ({"shots": "model"}, '"model" is not a shot type we know; use one of white_main, scene, detail'),
        ({"sku": "../etc/passwd"}, 'column sku: "../etc/passwd" holds a path; use letters, digits, -, _'),
        ({"sku": "a\\b"}, "holds a path"),
        ({"sku": "MUG 1"}, 'column sku: "MUG 1" is not a SKU; use letters, digits'),
        ({"sku": "M" * 65}, "has 65 characters, at most 64 fit; shorten it"),
        ({"sku": ""}, "column sku: the cell is empty; fill in the sku"),
        ({"colour": "  "}, "column colour: the cell is empty; use one of red, orange"),
        ({"title": "\u200b"}, "column title: the cell is empty; fill in the title"),
        ({"title": "x" * 201}, "has 201 characters, at most 200 fit; shorten it"),
        ({"title": "x" * 5001}, "has 5,001 characters, at most 5,000 fit; shorten it"),
        ({"must_not": "|".join("abcdefghijklmnopqrstu")}, "lists 21 things, at most 20 fit"),
    ],
)
@pytest.mark.parametrize("extension", WRITERS)
def test_a_bad_cell_is_named(tmp_path: Path, extension: str, cells: dict[str, str], sentence: str) -> None:
    rows = [HEADER, GOOD, row(**{"sku": "MUG-2", **cells})]
    if extension == ".jsonl":
        rows[2] = [
            cell.split("|") if name in {"shots", "must_not", "channels"} else cell
            for name, cell in zip(HEADER, rows[2], strict=True)
        ]
    sheet = read(tmp_path, WRITERS[extension](rows), f"forms{extension}")
    assert [form.sku for form in sheet.forms] == ["MUG-1"]
    assert len(sheet.problems) == 1, sentences(sheet)
    assert sentences(sheet)[0].startswith(f"forms{extension} row 3, column ")
    assert sentence in sentences(sheet)[0]


def test_three_bad_rows_among_twenty_leave_seventeen(tmp_path: Path) -> None:
    rows = [row(sku=f"MUG-{n}") for n in range(20)]
    rows[3][3], rows[7][2], rows[11][6] = "rde", "bowl", "nowhere"
    sheet = read(tmp_path, as_csv([HEADER, *rows]))
    assert (len(sheet.forms), len(sheet.problems), sheet.row_count) == (17, 3, 20)
    assert [problem.row for problem in sheet.problems] == [5, 9, 13]


def test_a_repeated_sku_names_its_first_row(tmp_path: Path) -> None:
    sheet = read(tmp_path, as_csv([HEADER, GOOD, row(sku="MUG-2"), row(sku="mug-1")]))
    assert sentences(sheet) == [
        'forms.csv row 4, column sku: "mug-1" is already used in row 2; give each product a SKU of its own'
    ]
    assert len(sheet.forms) == 2


def test_rows_are_numbered_as_the_spreadsheet_shows_them(tmp_path: Path) -> None:
    rows = [[], HEADER, [], row(title="two\nlines"), ["", ""], row(sku="MUG-2", colour="rde")]
    sheet = read(tmp_path, as_csv(rows))
    assert (sheet.rows, sheet.problems[0].row) == ((4,), 6)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (
            [*HEADER[:-1], "backgroud"],
            "row 1, column backgroud: is not a column of a product form; use one of",
        ),
        ([*HEADER[:-1], "颜色"], "row 1, column 颜色: is there twice (as colour); keep one of the two"),
        (["sku", "title", *HEADER[3:]], "row 1, column category: is missing; add it, named category or 类目"),
    ],
)
def test_a_bad_header_is_named_once_and_no_row_is_read(
    tmp_path: Path, header: list[str], sentence: str
) -> None:
    sheet = read(tmp_path, as_csv([header, GOOD[: len(header)], row(sku="MUG-2")[: len(header)]]))
    assert sheet.forms == ()
    assert len(sheet.problems) == 1
    assert sentence in sentences(sheet)[0]


def test_the_header_of_a_misspelt_column_gets_a_hint(tmp_path: Path) -> None:
    sheet = read(tmp_path, as_csv([[*HEADER[:-1], "must nto"], GOOD]))
    assert sentences(sheet)[0].endswith("(did you mean must_not?)")


def test_a_cell_under_no_header_is_named(tmp_path: Path) -> None:
    sheet = read(tmp_path, as_csv([HEADER, [*GOOD, "", "stray"]]))
    assert 'column number 10: "stray" stands under no header' in sentences(sheet)[0]


def test_a_ten_megabyte_cell_gives_one_sentence(tmp_path: Path) -> None:
    sheet = read(tmp_path, as_csv([HEADER, row(title="x" * 10_000_000), row(sku="MUG-2")]))
    assert [form.sku for form in sheet.forms] == ["MUG-2"]
    assert sentences(sheet) == [
        (
            f'forms.csv row 2, column title: "{"x" * 39}…" has 10,000,000 characters, at most 5,000 fit; '
            "shorten it (is a quotation mark left open?)"
        )
    ]


def test_formulas_and_spreadsheet_errors_are_named(tmp_path: Path) -> None:
    sheet = read(tmp_path, as_xlsx([HEADER, row(title="=A1"), row(sku="M-2", title="#REF!")]), "forms.xlsx")
    first, second = sentences(sheet)
    assert 'row 2, column title: "=A1" is a formula; paste its value instead' in first
    assert 'row 3, column title: "#REF!" is an error of the spreadsheet' in second


def test_numbers_of_a_spreadsheet_are_read_as_they_were_typed(tmp_path: Path) -> None:
    cells: list[Any] = list(GOOD)
    cells[0], cells[1] = 1001.0, 42
    form = read(tmp_path, as_xlsx([HEADER, cells]), "forms.xlsx").forms[0]
    assert (form.sku, form.title) == ("1001", "42")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{oops", ["is not JSON", "write one object in one line"]),
        ("[1]", ["is not a JSON object"]),
        ("{}", ["is not a JSON object"]),
        ("[" * 100_000, ["is not JSON"]),
        ('{"sku": "X-1"}', ["column title: is missing"]),
        ('{"sku": "X-1", "sku": "X-2"}', ["column sku: is there twice"]),
        ('{"sku": {"a": 1}}', ["column title: is missing"]),
        ('{"prize": "1"}', ["column prize: is not a column"]),
    ],
)
def test_a_bad_line_concerns_that_line_only(tmp_path: Path, line: str, words: list[str]) -> None:
    good = as_jsonl([HEADER, GOOD]).decode()
    sheet = read(tmp_path, f"{good}\n{line}\n".encode(), "forms.jsonl")
    assert len(sheet.forms) == 1
    assert {problem.row for problem in sheet.problems} == {3}
    assert all(any(word in sentence for sentence in sentences(sheet)) for word in words), sentences(sheet)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('["a", "b"]', "is a list; write one text"),
        ("1.5", "is neither text nor a list of texts"),
        ('{"a": "b"}', "is neither text nor a list of texts"),
        ('"\\ud800"', "holds half of a character"),
    ],
)
def test_a_json_value_of_the_wrong_kind_is_named(tmp_path: Path, value: str, words: str) -> None:
    line = as_jsonl([HEADER, GOOD]).decode().replace('"Red mug"', value)
    sheet = read(tmp_path, line.encode(), "forms.jsonl")
    assert len(sheet.problems) == 1
    assert words in sentences(sheet)[0]


def test_lists_of_json_keep_their_commas(tmp_path: Path) -> None:
    line = as_jsonl([HEADER, GOOD]).decode().replace('"no text"', '["red, or pink"]')
    assert read(tmp_path, line.encode(), "forms.jsonl").forms[0].must_not == ("red, or pink",)


def test_what_only_compiling_finds_is_named_by_its_cell(tmp_path: Path) -> None:
    long = "|".join(f"{n} {'wide ' * 35}" for n in range(4))
    header = [*HEADER[:-1], "禁止", "必含"]
    sheet = read(tmp_path, as_csv([header, [*GOOD, '""'], [*row(sku="MUG-2"), long], row(sku="MUG-3")]))
    assert sheet.problems == ()
    first, *rest = (problem.sentence for problem in check_forms(sheet, packaged()))
    assert first == (
        'forms.csv row 2, column 必含: """" holds nothing but quotation marks, control characters or control '
        "tokens; write it in plain words"
    )
    assert rest
    assert all("row 3, column 必含" in sentence and "shorten it" in sentence for sentence in rest)
