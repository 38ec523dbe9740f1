"""The rule tables as a whole: ordered, fingerprinted, with the vocabularies they define."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rule_index import RuleIndex
from prompt_rules.rules import COLUMN_SLOTS, Op, Rule, Slot, Value
from prompt_rules.text import fold
from schemas import Claim, Schema, content_id


class RuleTables(Schema):
    """All rows of all tables in the order of the files' names and their rows; build one with `load`."""

    rules: tuple[Rule, ...]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read every CSV file of `folder`; raise RuleTableInvalid naming file, row and column of a fault."""
        from prompt_rules.table_files import read_rules

        return cls(rules=read_rules(folder))

    @cached_property
    def fingerprint(self) -> str:
        """The tables' content id: any change of any cell or of the order changes it, empty rows do not."""
        # Defaults are left out so that a column that the product gains later leaves old tables as they were.
        rows = [rule.model_dump_json(exclude={"row"}, exclude_defaults=True) for rule in self.rules]
        return content_id("tables", rows)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read tables back from `text`, as they were proven when it was written; raises RuleTableInvalid."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise RuleTableInvalid("This text holds no rule tables that this version can read.") from error

    @cached_property
    def text(self) -> str:
        """All rows as JSON, in their order and the order of their cells; cells left empty are left out."""
        return self.model_dump_json(exclude_defaults=True)

    @cached_property
    def index(self) -> RuleIndex:
        """The enabled rows, ready to be asked; it remembers what it was asked."""
        return RuleIndex(self.rules)

    def department(self, category: str) -> str:
        """Return the department of a category, empty for one that no row defines."""
        return self.index.departments.get(category, "")

    def rules_of(self, slot: Slot) -> tuple[Rule, ...]:
        """Return the enabled rows of a slot in table order."""
        return self.index.by_slot[slot]

    @cached_property
    def _claimed(self) -> Mapping[str, tuple[Rule, ...]]:
        found: dict[str, dict[str, Rule]] = {}
        for rule in self.rules:
            if rule.enabled and rule.claim and rule.slot is not Slot.CLAIM:
                found.setdefault(rule.claim.kind, {}).setdefault(rule.claim.value, rule)
        return {kind: tuple(rules.values()) for kind, rules in found.items()}

    def claimed(self, kind: str) -> tuple[Rule, ...]:
        """Return the first row of each value that a kind of claim may have, in table order."""
        return self._claimed.get(kind, ())

    @cached_property
    def claims_made(self) -> dict[tuple[str, ...], Claim]:
        """Claims that were written already, by the rows that wrote them; they are the same for every form."""
        return {}

    @cached_property
    def claim_kinds(self) -> tuple[str, ...]:
        """List the kinds of claim in table order."""
        rows = self.rules_of(Slot.CLAIM)
        return tuple(dict.fromkeys(rule.claim.kind for rule in rows if rule.claim))

    @cached_property
    def _values(self) -> Mapping[str, tuple[Value, ...]]:
        return {column: tuple(self._values_of(column)) for column in COLUMN_SLOTS}

    def _values_of(self, column: str) -> list[Value]:
        found: dict[str, Rule] = {}
        for rule in self.rules_of(COLUMN_SLOTS[column]):
            for key in rule.named(column):
                # The row with the fewest conditions describes the value; the others are its special cases.
                if key not in found or len(rule.when) < len(found[key].when):
                    found[key] = rule
        return [value_of(key, rule) for key, rule in found.items()]

    def definer(self, column: str, key: str) -> Rule | None:
        """Return the row that describes a value: the one with the fewest conditions, the first of equals."""
        rows = [rule for rule in self.rules_of(COLUMN_SLOTS[column]) if key in rule.named(column)]
        return min(rows, key=lambda rule: len(rule.when), default=None)

    def values(self, column: str) -> tuple[Value, ...]:
        """Return the values that rows define for a when column such as `category`, in table order."""
        return self._values[column]

    @cached_property
    def _keys(self) -> Mapping[str, frozenset[str]]:
        return {column: frozenset(value.key for value in values) for column, values in self._values.items()}

    def keys(self, column: str) -> frozenset[str]:
        """Return the keys of `values(column)`."""
        return self._keys[column]

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, str]]:
        return {
            column: {fold(name): value.key for value in values for name in value.names}
            for column, values in self._values.items()
        }

    def names(self, column: str) -> Mapping[str, str]:
        """Return every folded word (see `text.fold`) that a form may write in a column, with its key."""
        return self._names[column]


def value_of(key: str, rule: Rule) -> Value:
    """Describe a value by the row that defines it; what replaces a wish is no name of the wish."""
    says = rule.op is Op.SAY
    zh = (*rule.zh_names, *((rule.zh,) if says else ()), *rule.zh_synonyms)
    en = (*rule.en_names, *((rule.en,) if says else ()), *rule.en_synonyms)
    names = tuple(dict.fromkeys(name for name in (key, *zh, *en) if name))
    return Value(key=key, zh=zh[0] if zh else key, en=en[0] if en else key, names=names, hex=rule.hex)


def default_tables_folder() -> Path:
    """Return the folder of the tables that come with the product."""
    return Path(__file__).resolve().parent / "tables"


def tables_in_force(folder: Path | None, activated: str | None) -> RuleTables:
    """Return the tables that write prompts: those of a setting's folder, else the activated, else ours.

    `activated` is the text of tables that somebody put in force. Raises RuleTableInvalid.
    """
    if folder is None and activated is not None:
        return RuleTables.from_text(activated)
    return RuleTables.load(folder or default_tables_folder())
