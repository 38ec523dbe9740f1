"""One row of a rule table, and the words its columns may hold. Pure."""

from enum import StrEnum

from pydantic import Field

from schemas import Locale, Schema


class Slot(StrEnum):
    """The places of a prompt sentence that rows write to, in the sentence's fixed order."""

    SUBJECT = "subject"
    COLOUR = "colour"
    MATERIAL = "material"
    BACKGROUND = "background"
    SHOT = "shot"
    LIGHT = "light"
    STYLE = "style"  #: one winner per style tag, in the form's order
    MUST_NOT = "must_not"  #: one winner per wish, in the form's order
    CLAIM = "claim"  #: no words: one winner per kind of claim


class Op(StrEnum):
    """What a row does when it wins its slot."""

    SAY = "say"  #: its words go into the slot
    REPLACE = "replace"  #: its words stand in for a wish, as what is there instead of what is not
    DROP = "drop"  #: the slot stays silent
    REQUIRE = "require"  #: the picture must show its claim; no words
    FORBID = "forbid"  #: its words go into the negative text, which only Base honours


COLUMN_SLOTS = {
    "category": Slot.SUBJECT,
    "colour": Slot.COLOUR,
    "material": Slot.MATERIAL,
    "background": Slot.BACKGROUND,
    "shot": Slot.SHOT,
    "style": Slot.STYLE,
    "must_not": Slot.MUST_NOT,
}
"""Which slot's rows define the values of a when column."""

COLUMNS = (*COLUMN_SLOTS, "locale")
"""Everything a row's `when_...` columns may ask about."""


class ClaimKey(Schema):
    """What a row lets be claimed: a kind and the value it stands for; value is empty in claims.csv."""

    kind: str
    value: str = ""


class Rule(Schema):
    """One row of a rule table. `when` maps a column to its allowed values; a missing column allows any."""

    id: str
    table: str
    row: int = Field(ge=2)
    """Row number as the spreadsheet shows it; the header is row 1."""
    priority: int
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    slot: Slot
    op: Op
    zh: str = ""
    en: str = ""
    zh_measure: str = ""
    """Number and measure word before a subject, such as 一个."""
    claim: ClaimKey | None = None
    distractors: dict[str, str] = Field(default_factory=dict)
    """In claims.csv: value to English text of what the claim must not be mistaken for."""
    zh_synonyms: tuple[str, ...] = ()
    en_synonyms: tuple[str, ...] = ()
    """Other words for the same thing."""
    zh_names: tuple[str, ...] = ()
    en_names: tuple[str, ...] = ()
    """What a form may call it, where the phrase itself is no name."""
    hex: str = ""
    why: str
    enabled: bool

    def words(self, locale: Locale) -> str:
        """Return the row's phrase in a language; a claim is always English."""
        return self.zh if locale is Locale.ZH and self.op is not Op.REQUIRE else self.en

    @property
    def place(self) -> str:
        """Where to find the row in a spreadsheet."""
        return f"{self.table} row {self.row}"


class Value(Schema):
    """One value of a vocabulary: its key, its name in both languages and all that a form may write for it."""

    key: str
    zh: str
    en: str
    names: tuple[str, ...]
    hex: str = ""
