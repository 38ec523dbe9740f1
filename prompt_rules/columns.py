"""The columns of a form sheet and the headers that people give them, in English and Chinese."""

from collections.abc import Sequence

from prompt_rules.problems import CellProblem, Facts
from prompt_rules.text import closest, fold, shorten

REQUIRED = ("sku", "title", "category", "colour", "shots", "channels")

NOTES = "notes"
"""A column for people's own remarks; it is not read."""

ERRORS = "errors"
"""A column that the checked sheet is given back with; it is not read either."""

UNREAD = frozenset({NOTES, ERRORS})

HEADERS = {
    "sku": ("货号", "商品编码", "product id"),
    "title": ("品名", "标题", "商品名称", "名称", "name", "product"),
    "category": ("类目", "品类"),
    "colour": ("color", "颜色", "colours", "colors"),
    "material": ("材质", "材料", "materials"),
    "styles": ("style", "风格", "风格标签"),
    "selling_points": ("卖点", "selling point"),
    "copy_text": ("copy", "文案"),
    "background": ("背景",),
    "shots": ("shot", "shot type", "shot types", "图型"),
    "channels": ("channel", "渠道", "投放渠道"),
    "must_have": ("必含", "必须有"),
    "must_not": ("禁止", "不能有"),
    "season": ("季节", "seasons"),
    "audience": ("人群", "目标人群"),
    "props": ("道具", "prop"),
    "body": ("身材", "体态", "body proportions"),
    "gtin": ("条码", "商品条码", "barcode", "ean", "upc"),
    "locale": ("language", "lang", "语言"),
    NOTES: ("note", "备注", "remarks", "comment"),
    ERRORS: ("错误", "问题", "problems"),
}
"""Field of the form to the other headers it is known by; the field's own name is one too."""

_FIELDS = {fold(name): field for field, names in HEADERS.items() for name in (field, *names)}


def field_of(header: str) -> str:
    """Return the form's field that a header means, empty for an unknown one."""
    return _FIELDS.get(fold(header), "")


def header_problems(file: str, row: int, headers: Sequence[str]) -> list[CellProblem]:
    """List unknown headers, headers that mean a field twice, and required fields without a header."""
    found: dict[str, str] = {}
    problems = []

    def blame(column: str, problem: str, fix: str, code: str, facts: Facts) -> None:
        told = {"problem": problem, "fix": fix, "code": code, "facts": facts}
        problems.append(CellProblem(file=file, row=row, column=shorten(column), value="", **told))

    for header in headers:
        field = field_of(header)
        if header and not field:
            blame(header, "is not a column of a product form", *_choices(header))
        elif field and field in found:
            other = shorten(found[field])
            blame(
                header,
                f"is there twice (as {other})",
                "keep one of the two",
                "column_twice",
                (("other", other),),
            )
        elif field:
            found[field] = header
    for field in REQUIRED:
        if field not in found:
            other = HEADERS[field][0]
            facts = (("name", field), ("other", other))
            blame(field, "is missing", f"add it, named {field} or {other}", "column_missing", facts)
    return problems


def _choices(header: str) -> tuple[str, str, Facts]:
    near = closest(header, _FIELDS)
    hint = f" (did you mean {near}?)" if near else ""
    choices = ", ".join(HEADERS)
    in_zh = ", ".join(names[0] for names in HEADERS.values())
    facts = (
        ("near_en", near),
        ("near_zh", HEADERS[near][0] if near else ""),
        ("choices_en", choices),
        ("choices_zh", in_zh),
    )
    return f"use one of {choices}{hint}", "column_unknown_near" if near else "column_unknown", facts
