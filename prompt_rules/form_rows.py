"""One row of a sheet becomes one ProductForm, or the problems of its cells."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from prompt_rules.columns import HEADERS, REQUIRED, UNREAD, field_of
from prompt_rules.grids import WHOLE_LINE, GridRow
from prompt_rules.problems import CellProblem, Facts
from prompt_rules.text import fold, has_cjk, shorten, visible
from prompt_rules.vocabulary import FieldWords
from schemas import Locale, ProductForm
from schemas.forms import MAX_LIST

_SEPARATORS = re.compile(r"[|,，、;；\n]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SKU = re.compile(r"[A-Za-z0-9](?:\.?[A-Za-z0-9_-])*")
_MAX_SKU = 64
_MAX_PHRASE = 200
_LISTS = frozenset(
    ("styles", "selling_points", "copy_text", "shots", "channels", "must_have", "must_not", "props", "body")
)


class RowReader:
    """The reading of one row, which ends in a form or in the problems of its cells."""

    def __init__(self, file: str, row: GridRow, words: Mapping[str, FieldWords]) -> None:
        self._problems: list[CellProblem] = []
        self._file = file
        self._number = row.number
        self._words = words
        self._headers: dict[str, str] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        for cell in row.cells:
            field = field_of(cell.column)
            if field in UNREAD:
                continue
            self._headers.setdefault(field, cell.column)
            texts = cell.text if isinstance(cell.text, tuple) else (cell.text,)
            if cell.fault:
                self._blame(cell.column, " ".join(texts), cell.fault, cell.fix, cell.code, cell.facts)
            elif any(_SURROGATES.search(text) for text in texts):
                self._blame(
                    cell.column,
                    texts[0],
                    "holds half of a character",
                    "write the text anew",
                    "half_character",
                )
            else:
                self._texts[field] = self._parts(field, cell.text)

    @staticmethod
    def _parts(field: str, text: str | tuple[str, ...]) -> tuple[str, ...]:
        parts = text if isinstance(text, tuple) else _SEPARATORS.split(text) if field in _LISTS else (text,)
        return tuple(seen for part in parts if (seen := visible(part)))

    @property
    def sku(self) -> str:
        """The SKU as it is written, empty when its cell cannot be used."""
        return " ".join(self._texts.get("sku", ()))

    def outcome(self) -> ProductForm | tuple[CellProblem, ...]:
        """Return the row's form, or all its problems when it has any."""
        if any(problem.column == WHOLE_LINE for problem in self._problems):
            return tuple(self._problems)
        for field in REQUIRED:
            if not self._texts.get(field) and not self._is_blamed(field):
                self._blame_empty(field)
        values = {field: self._value(field) for field in HEADERS if self._texts.get(field)}
        return tuple(self._problems) or self._form(values)

    def _form(self, values: dict[str, Any]) -> ProductForm | tuple[CellProblem, ...]:
        title = " ".join(self._texts["title"])
        values.setdefault("locale", Locale.ZH.value if has_cjk(title) else Locale.EN.value)
        try:
            return ProductForm.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0]) if first["loc"] else "sku"
            shown = " ".join(self._texts.get(field, ()))
            self._blame(
                self._header(field), shown, f"cannot be used ({first['msg']})", "write it anew", "unusable"
            )
            return tuple(self._problems)

    def repeat(self, first_row: int) -> None:
        """Blame the SKU for being in an earlier row already."""
        problem = f"is already used in row {first_row}"
        fix, facts = "give each product a SKU of its own", (("row", str(first_row)),)
        self._blame(self._header("sku"), self.sku, problem, fix, "sku_twice", facts)

    def _value(self, field: str) -> Any:
        texts = self._texts[field]
        if field not in _LISTS and len(texts) > 1:
            self._blame(self._header(field), ", ".join(texts), "is a list", "write one text", "is_list")
        if len(texts) > MAX_LIST:
            problem = f"lists {len(texts)} things, at most {MAX_LIST} fit"
            facts = (("count", str(len(texts))), ("most", str(MAX_LIST)))
            self._blame(
                self._header(field), texts[0], problem, "keep the important ones", "list_too_long", facts
            )
        if field == "sku":
            self._check_sku(texts[0])
        values = tuple(dict.fromkeys(self._one(field, text) for text in texts))
        return values if field in _LISTS else values[0]

    def _one(self, field: str, text: str) -> str:
        if field in self._words:
            words = self._words[field]
            key = words.keys.get(fold(text), "")
            if not key:
                facts = words.facts(text)
                code = "word_unknown_near" if dict(facts)["near_en"] else "word_unknown"
                problem, fix = f"is not {words.noun} we know", words.choices(text)
                self._blame(self._header(field), text, problem, fix, code, facts)
            return key
        if len(text) > _MAX_PHRASE:
            problem = f"has {len(text):,} characters, at most {_MAX_PHRASE} fit"
            self._blame(
                self._header(field), text, problem, "shorten it", "text_too_long", _counted(text, _MAX_PHRASE)
            )
        return text

    def _check_sku(self, sku: str) -> None:
        rule = "use letters, digits, -, _ and single dots, such as MUG-RED-01"
        if any(mark in sku for mark in ("/", "\\", "..")):
            self._blame(self._header("sku"), sku, "holds a path", rule, "sku_wrong")
        elif len(sku) > _MAX_SKU:
            problem = f"has {len(sku):,} characters, at most {_MAX_SKU} fit"
            self._blame(
                self._header("sku"), sku, problem, "shorten it", "text_too_long", _counted(sku, _MAX_SKU)
            )
        elif not _SKU.fullmatch(sku):
            self._blame(self._header("sku"), sku, "is not a SKU", rule, "sku_wrong")

    def _blame_empty(self, field: str) -> None:
        problem = "the cell is empty"
        if field in self._words:
            words = self._words[field]
            self._blame(self._header(field), "", problem, words.choices(""), "empty_word", words.facts(""))
        else:
            self._blame(self._header(field), "", problem, f"fill in the {field}", "empty")

    def _header(self, field: str) -> str:
        return self._headers.get(field, field)

    def _is_blamed(self, field: str) -> bool:
        return any(field_of(problem.column) == field for problem in self._problems)

    def _blame(self, column: str, value: str, problem: str, fix: str, code: str, facts: Facts = ()) -> None:
        self._problems.append(
            CellProblem(
                file=self._file,
                row=self._number,
                column=shorten(column),
                value=shorten(value),
                problem=problem,
                fix=fix,
                code=code,
                facts=facts,
            )
        )


def _counted(text: str, most: int) -> Facts:
    return (("count", f"{len(text):,}"), ("most", str(most)))
