"""One row of a rule table, and the words its columns may hold. Pure."""

from enum import StrEnum

from pydantic import Field

from schemas import Locale, Schema


class Slot(StrEnum):
    """The places of a prompt sentence that rows write to, in the sentence's fixed order."""

    SUBJECT = "subject"
    COLOUR = "colour"
    MATERIAL = "material"
    PERSON = "person"  #: who wears or holds the product, and how they are framed
    BACKGROUND = "background"
    SHOT = "shot"
    ANGLE = "angle"  #: where the camera stands
    COMPOSITION = "composition"
    PROPS = "props"  #: one winner per prop of the form; a default when it names none
    LIGHT = "light"
    SEASON = "season"
    AUDIENCE = "audience"
    STYLE = "style"  #: one winner per style tag, in the form's order
    BODY = "body"  #: one winner per body wish, in the form's order
    CHANNEL = "channel"  #: one winner per channel of the form
    MUST_HAVE = "must_have"  #: a form's own words; no table writes here
    MUST_NOT = "must_not"  #: one winner per wish, in the form's order
    CLAIM = "claim"  #: no words: one winner per kind of claim
    COPY = "copy"  #: no words: terms that a form's texts are checked for


class Op(StrEnum):
    """What a row does when it wins its slot."""

    SAY = "say"  #: its words go into the slot
    REPLACE = "replace"  #: its words stand in for a wish, as what is there instead of what is not
    DROP = "drop"  #: the slot stays silent
    REQUIRE = "require"  #: the picture must show its claim; no words
    FORBID = "forbid"  #: must_not: into the negative text, which only Base honours; copy: may not be used


class Level(StrEnum):
    """What a forbidden word found in a form does."""

    BLOCK = "block"  #: the form is refused
    REVIEW = "review"  #: the form goes on, and a person is told to look at the word


COLUMN_SLOTS = {
    "category": Slot.SUBJECT,
    "colour": Slot.COLOUR,
    "material": Slot.MATERIAL,
    "background": Slot.BACKGROUND,
    "shot": Slot.SHOT,
    "prop": Slot.PROPS,
    "season": Slot.SEASON,
    "audience": Slot.AUDIENCE,
    "style": Slot.STYLE,
    "body": Slot.BODY,
    "channel": Slot.CHANNEL,
    "must_not": Slot.MUST_NOT,
}
"""Which slot's rows define the values of a when column."""

SLOT_COLUMNS = {slot: column for column, slot in COLUMN_SLOTS.items()}
"""The when column whose values a slot's rows define."""

COLUMNS = (*COLUMN_SLOTS, "department", "locale")
"""Everything a row's `when_...` columns may ask about; subjects.csv puts each category into a department."""

LISTED = frozenset({"prop", "style", "body", "channel", "must_not"})
"""Columns of which a form may hold several values, so that two different ones can hold together."""

NOT = "!"
"""Before a key in a when column: any value but that one."""


NOTHING = "none"
"""In a slot's own when column: the form says nothing there, so the row is a default."""


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
    turn: int = 0
    """0 for a row that always applies; n for the n-th of a list that later attempts go through."""
    zh: str = ""
    en: str = ""
    zh_measure: str = ""
    """Number and measure word before a subject, such as 一个."""
    en_measure: str = ""
    """The same in English where a or an would be wrong, such as `a pair of`."""
    department: str = ""
    """In subjects.csv: the department that the category belongs to."""
    shopify: str = ""
    """In subjects.csv: id in Shopify's taxonomy such as aa-1-4; empty where none could be verified."""
    claim: ClaimKey | None = None
    distractors: dict[str, str] = Field(default_factory=dict)
    """In claims.csv: value to English text of what the claim must not be mistaken for."""
    rivals: tuple[str, ...] = ()
    """Keys of the values that a claim must not be mistaken for; all others of its kind when empty."""
    few_distractors: str = ""
    """Why a claim may have fewer than three distractors."""
    zh_synonyms: tuple[str, ...] = ()
    en_synonyms: tuple[str, ...] = ()
    """Other words for the same thing."""
    zh_names: tuple[str, ...] = ()
    en_names: tuple[str, ...] = ()
    """What a form may call it, where the phrase itself is no name."""
    hex: str = ""
    level: Level | None = None
    """In forbidden_words.csv: whether the word refuses the form."""
    allow: tuple[str, ...] = ()
    """In forbidden_words.csv: longer words in which the term is harmless."""
    zh_fix: str = ""
    en_fix: str = ""
    """In forbidden_words.csv: what to write instead."""
    source: str = ""
    why: str
    enabled: bool

    def words(self, locale: Locale) -> str:
        """Return the row's phrase in a language; a claim is always English."""
        return self.zh if locale is Locale.ZH and self.op is not Op.REQUIRE else self.en

    @property
    def place(self) -> str:
        """Where to find the row in a spreadsheet."""
        return f"{self.table} row {self.row}"

    @property
    def rank(self) -> tuple[int, bool, int]:
        """How it competes for a slot: conditions first, a category before a department, then priority."""
        return len(self.when), "category" in self.when, self.priority

    def named(self, column: str) -> tuple[str, ...]:
        """Return the values that a when column names outright, without those it excludes."""
        keys = self.when.get(column, ())
        return tuple(key for key in keys if not key.startswith(NOT) and key != NOTHING)


class Value(Schema):
    """One value of a vocabulary: its key, its name in both languages and all that a form may write for it."""

    key: str
    zh: str
    en: str
    names: tuple[str, ...]
    hex: str = ""
