"""Turning one row of cells into a Rule; every fault names the cell and what would be right."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import COLUMNS, NOT, SLOT_COLUMNS, ClaimKey, Level, Op, Rule, Slot
from prompt_rules.text import clean, shorten

_ID = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_MAX_ID = 100
"""What a key of the catalog holds."""

_KEY = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
PLACES = ("subject", "colour", "background", "shot", "thing", "coloured_thing")
"""What a claim's text may hold: a slot's words, or the subject with its article and maybe its colour."""

_SHOPIFY = re.compile(r"[a-z]{2}(-[0-9]+)+")
_MAX_PRIORITY = 1000
_MAX_TURN = 99
_TURNING = frozenset({Slot.ANGLE, Slot.LIGHT, Slot.BACKGROUND, Slot.COMPOSITION})
"""The slots whose words may change from attempt to attempt without changing the product."""

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
    slot = Slot(read.choice("slot", [slot.value for slot in Slot if slot is not Slot.MUST_HAVE]))
    op = Op(read.choice("op", [op.value for op in Op]))
    _check_op(read, slot, op)
    return Rule(
        id=_id(read),
        table=table,
        row=row,
        priority=_number(read, "priority", _MAX_PRIORITY),
        when={column: keys for column in COLUMNS if (keys := _keys(read, f"when_{column}"))},
        slot=slot,
        op=op,
        turn=_turn(read, slot),
        **_words(read, op),
        **_subject(read, slot),
        claim=_claim(read, slot),
        **_distractors(read, slot),
        **{name: read.listed(name) for name in ("zh_synonyms", "en_synonyms", "zh_names", "en_names")},
        hex=_hex(read),
        **_copy_cells(read, slot),
        source=read.get("source"),
        why=read.filled("why", "say in one sentence why the row is there"),
        enabled=read.choice("enabled", ["1", "0"]) == "1",
    )


def _id(read: RowCells) -> str:
    if not _ID.fullmatch(read.get("id")) or len(read.get("id")) > _MAX_ID:
        problem = f'"{shorten(read.get("id"))}" is not an id'
        fix = f"use lower-case letters, digits, _ and dots, such as colour.red, {_MAX_ID} at most"
        raise read.fault("id", problem, fix)
    return read.get("id")


def _number(read: RowCells, column: str, most: int) -> int:
    text = read.get(column)
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) > most:
        problem = f'"{shorten(text)}" is not a {column}'
        raise read.fault(column, problem, f"use a whole number up to {most}; the larger wins")
    return int(text)


def _turn(read: RowCells, slot: Slot) -> int:
    if not read.get("turn"):
        return 0
    if slot not in _TURNING:
        slots = ", ".join(sorted(_TURNING))
        raise read.fault("turn", f"the slot {slot} stays the same for every attempt", f"use it for {slots}")
    return _number(read, "turn", _MAX_TURN)


def _keys(read: RowCells, column: str) -> tuple[str, ...]:
    keys = read.listed(column)
    for key in keys:
        if not _KEY.fullmatch(key.removeprefix(NOT)):
            fix = "use lower-case letters, digits and _, several as a|b"
            raise read.fault(column, f'"{shorten(key)}" is not a key', fix)
    if len({key.startswith(NOT) for key in keys}) > 1:
        fix = "write a|b for any of them, or !a|!b for any but them"
        raise read.fault(column, "the cell both names and excludes values", fix)
    return keys


def _check_op(read: RowCells, slot: Slot, op: Op) -> None:
    problem = f'"{op}" does not fit the slot {slot}'
    if (op is Op.REQUIRE) != (slot is Slot.CLAIM):
        raise read.fault("op", problem, "require goes with claim, and only it")
    if op in {Op.REPLACE, Op.FORBID} and slot not in {Slot.MUST_NOT, Slot.COPY}:
        raise read.fault("op", problem, "it answers a wish in the slot must_not")
    if slot is Slot.COPY and op is not Op.FORBID:
        raise read.fault("op", problem, "a word in the slot copy is there to forbid")
    if op is Op.DROP and slot is Slot.SUBJECT:
        raise read.fault("op", problem, "a sentence without its product shows nothing")
    if slot in {Slot.STYLE, Slot.BODY, Slot.CHANNEL, Slot.MUST_NOT}:
        column = SLOT_COLUMNS[slot]
        read.filled(f"when_{column}", f"name the {column} values that the row is for")


def _words(read: RowCells, op: Op) -> dict[str, str]:
    if op is Op.REQUIRE:
        claim = read.filled("en", "write the claim in English, such as a {subject}")
        return {"en": _template(read, "en", claim)}
    if op is not Op.DROP:
        read.filled("zh", "write the Chinese words")
        read.filled("en", "write the English words")
    return {column: read.phrase(column) for column in ("zh", "en", "zh_measure", "en_measure")}


def _subject(read: RowCells, slot: Slot) -> dict[str, str]:
    """Return what only a subject has: its department, and its Shopify id where one is known."""
    found = {"department": read.get("department"), "shopify": read.get("shopify")}
    if slot is not Slot.SUBJECT:
        for column, text in found.items():
            if text:
                raise read.fault(column, f"the slot {slot} has none", "empty the cell")
    elif not _KEY.fullmatch(found["department"]):
        problem = f'"{shorten(found["department"])}" is not a department'
        raise read.fault("department", problem, "name one in lower-case letters, such as clothing")
    elif found["shopify"] and not _SHOPIFY.fullmatch(found["shopify"]):
        fix = "write it as aa-1-4, or empty the cell"
        raise read.fault("shopify", f'"{shorten(found["shopify"])}" is not a Shopify category', fix)
    return found


def _template(read: RowCells, column: str, text: str) -> str:
    places = list(PLACES)
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


def _distractors(read: RowCells, slot: Slot) -> dict[str, object]:
    """Return texts by value for a claim of its own (`broken=a mug, broken`), else keys of other values."""
    texts, keys = {}, []
    literal = slot is Slot.CLAIM and "=" in read.get("claim")
    for part in read.listed("distractors"):
        value, equals, text = part.partition("=")
        if not _KEY.fullmatch(value) or literal != bool(equals and text):
            fix = "write value=text, several as a|b" if literal else "write keys of values as a|b"
            raise read.fault("distractors", f'"{shorten(part)}" is not a distractor', fix)
        if literal:
            texts[value] = _template(read, "distractors", text)
        keys.append(value)
    few = read.get("few_distractors")
    return {"distractors": texts, "rivals": () if literal else tuple(keys), "few_distractors": few}


def _copy_cells(read: RowCells, slot: Slot) -> dict[str, object]:
    if slot is not Slot.COPY:
        return {}
    for column in ("zh_fix", "en_fix"):
        read.filled(column, "say what to write instead")
    return {
        "level": Level(read.choice("level", [level.value for level in Level])),
        "allow": read.listed("allow"),
        "zh_fix": read.get("zh_fix"),
        "en_fix": read.get("en_fix"),
    }


def _hex(read: RowCells) -> str:
    text = read.get("hex")
    if text and not _HEX.fullmatch(text):
        raise read.fault(
            "hex", f'"{shorten(text)}" is not a colour', "write # and six hex digits, as #CD2628"
        )
    return text
