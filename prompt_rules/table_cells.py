"""Turning one row of cells into a Rule; every fault names the cell and what would be right."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import COLUMNS, ClaimKey, Op, Rule, Slot
from prompt_rules.text import clean, shorten

_ID = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_KEY = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_MAX_PRIORITY = 1000
_EDGES = " ,.;:，。；：、"


def meant(word: str, known: list[str]) -> str:
    """Return ` (did you mean X?)` for the closest known word, or nothing."""
    close = get_close_matches(shorten(word), known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


@dataclass(frozen=True)
class RowCells:
    """The cells of one row by column, able to blame one of them."""

    table: str
    row: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        """Return a cell's text, empty where the table has no such column."""
        return self.cells.get(column, "")

    def fault(self, column: str, problem: str, fix: str) -> RuleTableInvalid:
        """Build the error for one cell of this row."""
        return RuleTableInvalid.in_cell(self.table, self.row, column, problem, fix)

    def filled(self, column: str, fix: str) -> str:
        """Return a cell that must not be empty."""
        if not self.get(column):
            raise self.fault(column, "the cell is empty", fix)
        return self.get(column)

    def choice(self, column: str, known: list[str]) -> str:
        """Return a cell that must be one of `known`."""
        value = self.get(column)
        if value not in known:
            fix = f"use one of {', '.join(known)}{meant(value, known)}"
            raise self.fault(column, f'"{shorten(value)}" is not known', fix)
        return value

    def listed(self, column: str) -> tuple[str, ...]:
        """Return the parts of an `a|b` cell, each filled and there once."""
        if not self.get(column):
            return ()
        parts = tuple(part.strip() for part in self.get(column).split("|"))
        if "" in parts or len(set(parts)) < len(parts):
            raise self.fault(column, "a part is empty or there twice", "write a|b with different words")
        return parts

    def phrase(self, column: str) -> str:
        """Return a cell whose text enters prompts: no quotation marks, control characters or tokens."""
        text = self.get(column)
        # NFKC would turn Chinese commas into Latin ones; they are what the table means, so they are left out.
        plain = re.sub(r"[，。；：、！？（）]", " ", text)
        if re.sub(r"\s", "", clean(plain)) != re.sub(r"\s", "", plain).strip(_EDGES):
            raise self.fault(
                column,
                "the text holds quotation marks, control characters or other marks that a prompt cannot hold",
                "write it in plain words, since a quoted text orders the model to draw letters",
            )
        return text


def parse_row(table: str, row: int, cells: Mapping[str, str]) -> Rule:
    """Check one row's cells and build its Rule; raise RuleTableInvalid naming the first bad cell."""
    read = RowCells(table, row, cells)
    slot = Slot(read.choice("slot", [slot.value for slot in Slot]))
    op = Op(read.choice("op", [op.value for op in Op]))
    _check_op(read, slot, op)
    return Rule(
        id=_id(read),
        table=table,
        row=row,
        priority=_priority(read),
        when={column: keys for column in COLUMNS if (keys := _keys(read, f"when_{column}"))},
        slot=slot,
        op=op,
        **_words(read, op),
        claim=_claim(read, slot),
        distractors=_distractors(read),
        zh_synonyms=read.listed("zh_synonyms"),
        en_synonyms=read.listed("en_synonyms"),
        zh_names=read.listed("zh_names"),
        en_names=read.listed("en_names"),
        hex=_hex(read),
        why=read.filled("why", "say in one sentence why the row is there"),
        enabled=read.choice("enabled", ["1", "0"]) == "1",
    )


def _id(read: RowCells) -> str:
    if not _ID.fullmatch(read.get("id")):
        problem = f'"{shorten(read.get("id"))}" is not an id'
        raise read.fault("id", problem, "use lower-case letters, digits, _ and dots, such as colour.red")
    return read.get("id")


def _priority(read: RowCells) -> int:
    text = read.get("priority")
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) > _MAX_PRIORITY:
        problem = f'"{shorten(text)}" is not a priority'
        raise read.fault("priority", problem, f"use a whole number up to {_MAX_PRIORITY}; the larger wins")
    return int(text)


def _keys(read: RowCells, column: str) -> tuple[str, ...]:
    for key in read.listed(column):
        if not _KEY.fullmatch(key):
            fix = "use lower-case letters, digits and _, several as a|b"
            raise read.fault(column, f'"{shorten(key)}" is not a key', fix)
    return read.listed(column)


def _check_op(read: RowCells, slot: Slot, op: Op) -> None:
    problem = f'"{op}" does not fit the slot {slot}'
    if (op is Op.REQUIRE) != (slot is Slot.CLAIM):
        raise read.fault("op", problem, "require goes with claim, and only it")
    if op in {Op.REPLACE, Op.FORBID} and slot is not Slot.MUST_NOT:
        raise read.fault("op", problem, "it answers a wish in the slot must_not")
    if op is Op.DROP and slot is Slot.SUBJECT:
        raise read.fault("op", problem, "a sentence without its product shows nothing")
    for needs in (Slot.STYLE, Slot.MUST_NOT):
        if slot is needs:
            read.filled(f"when_{needs}", f"name the {needs} values that the row is for")


def _words(read: RowCells, op: Op) -> dict[str, str]:
    if op is Op.REQUIRE:
        claim = read.filled("en", "write the claim in English, such as a {subject}")
        return {"en": _template(read, "en", claim)}
    if op is not Op.DROP:
        read.filled("zh", "write the Chinese words")
        read.filled("en", "write the English words")
    return {column: read.phrase(column) for column in ("zh", "en", "zh_measure")}


def _template(read: RowCells, column: str, text: str) -> str:
    places = [slot.value for slot in (Slot.SUBJECT, Slot.COLOUR, Slot.BACKGROUND, Slot.SHOT)]
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        parts = [("", "?", "", None)]
    for _, name, form, conversion in parts:
        if name is not None and (name not in places or form or conversion):
            fix = f"use {', '.join(f'{{{place}}}' for place in places)}"
            raise read.fault(column, f'"{shorten(text)}" holds an unknown place', fix)
    return text


def _claim(read: RowCells, slot: Slot) -> ClaimKey | None:
    text = read.get("claim")
    if not text and slot is not Slot.CLAIM:
        return None
    kind, equals, value = text.partition("=")
    needs_value = slot is not Slot.CLAIM or bool(equals)
    if not _KEY.fullmatch(kind) or (needs_value and not _KEY.fullmatch(value)):
        fix = "write kind=value, such as colour=red"
        raise read.fault("claim", f'"{shorten(text)}" is not a claim', fix)
    if slot is Slot.CLAIM and needs_value:
        read.filled("distractors", "write value=text for what must not be seen instead")
    return ClaimKey(kind=kind, value=value)


def _distractors(read: RowCells) -> dict[str, str]:
    found = {}
    for part in read.listed("distractors"):
        value, _, text = part.partition("=")
        if not _KEY.fullmatch(value) or not text:
            fix = "write value=text, several as a|b"
            raise read.fault("distractors", f'"{shorten(part)}" is not a distractor', fix)
        found[value] = _template(read, "distractors", text)
    return found


def _hex(read: RowCells) -> str:
    text = read.get("hex")
    if text and not _HEX.fullmatch(text):
        raise read.fault(
            "hex", f'"{shorten(text)}" is not a colour', "write # and six hex digits, as #CD2628"
        )
    return text
