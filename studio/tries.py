"""Trying a copy of the rule tables out: what somebody sends, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from starlette.datastructures import FormData

from catalog import NotRegistered
from prompt_rules import RuleTables
from prompt_rules.table_texts import cells_of_tables, csv_of
from schemas import ProductForm
from studio.desk import Desk
from studio.form_fields import fields_of, filled, given_values
from studio.language import Words
from studio.rule_comparisons import NEWEST, Comparison, comparison
from studio.rule_trials import Trial, checked, packed, tables_of, tried, unpacked

TYPED = ("category", "colour", "material", "background", "styles", "season", "audience", "shots", "locale")
"""The fields of a form that can be typed in where a copy is tried; the others keep their usual values."""

USUAL = (("sku", "TRY-1"), ("title", "-"), ("channels", "shopify"))


@dataclass(frozen=True)
class Tried:
    """A copy with one of its tables laid open, and what came of trying it."""

    table: str
    text: str
    copy: str = ""
    """The whole copy, packed; empty while it is the tables in force."""
    tables: RuleTables | None = None
    sku: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    trial: Trial | None = None
    found: Comparison | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Sent:
    """What came with the form: the copy so far, the table that was edited, or a file in its place."""

    table: str
    text: str
    copy: str
    file: str
    upload: bytes
    open: str
    """Another table to lay open instead of trying this one."""
    sku: str
    typed: Mapping[str, Any]

    @classmethod
    def of(cls, data: FormData, file: str, upload: bytes) -> Self:
        """Read a form's fields; `file` is empty when none was chosen."""
        typed = {name: [str(one) for one in data.getlist(name) if one] for name in TYPED}
        return cls(
            table=str(data.get("table", ""))[:60],
            text=str(data.get("text", "")).replace("\r\n", "\n"),
            copy=str(data.get("copy", "")),
            file=file,
            upload=upload,
            open=str(data.get("other", ""))[:60] if data.get("go") == "open" else "",
            sku=str(data.get("sku", "")).strip()[:64],
            typed={name: values for name, values in typed.items() if values},
        )

    def refused(self, sentence: str) -> Tried:
        """Give everything back as it came, with the sentence that says what is wrong."""
        return Tried(self.table, self.text, self.copy, sku=self.sku, typed=self.typed, trouble=sentence)


def opened(tables: RuleTables, table: str, copy: str = "", sku: str = "") -> Tried:
    """Lay one table of a copy open, the first one for an unknown name."""
    cells = cells_of_tables(tables)
    shown = table if table in cells else next(iter(cells))
    return Tried(shown, csv_of(cells[shown]), copy, tables, sku)


def try_out(desk: Desk, sent: Sent, told: Words) -> Tried:
    """Prove the copy with what was sent, and compare it with the tables in force; raises RuleTableInvalid."""
    copy = unpacked(sent.copy) if sent.copy else desk.tables.text
    if sent.open and not sent.file:
        return opened(tables_of(checked(copy)), sent.open, sent.copy, sent.sku)
    name, data = (sent.file, sent.upload) if sent.file else (sent.table, sent.text.encode())
    trial = tried(copy, name, data, desk.settings.rules.tables)
    if not trial.text:
        return Tried(sent.table, sent.text, sent.copy, None, sent.sku, sent.typed, trial)
    new = tables_of(trial)
    form, trouble = _form(desk, sent, told)
    found = comparison(desk.tables, new, form, desk.catalog.latest_forms(NEWEST))
    shown = opened(new, name if sent.file else sent.table)
    return Tried(
        shown.table, shown.text, packed(trial.text), new, sent.sku, sent.typed, trial, found, trouble
    )


def _form(desk: Desk, sent: Sent, told: Words) -> tuple[ProductForm | None, str]:
    """Return the form to show side by side, by its SKU or as it was typed in; or what is wrong with it."""
    if sent.sku:
        try:
            return desk.catalog.newest_form(sent.sku), ""
        except NotRegistered as error:
            return None, error.message
    if "category" not in sent.typed:
        return None, ""
    fields = fields_of(desk.tables, desk.recipes, told.locale)
    data = FormData([*USUAL, *((name, one) for name, some in sent.typed.items() for one in some)])
    given = filled(given_values(data, fields), fields)
    titles = {field.name: field.title for field in fields}
    wrong = [f"{titles.get(fault.field, fault.field)}: {fault.sentence(told)}" for fault in given.faults]
    return given.form, " ".join(wrong)
