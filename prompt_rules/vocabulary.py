"""The words that people may write in a form's cells, and the keys they stand for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from prompt_rules.problems import Facts
from prompt_rules.tables import RuleTables
from prompt_rules.text import closest, fold, has_cjk
from schemas import Locale, ShotType

TABLE_COLUMNS = {
    "category": ("category", "a category"),
    "colour": ("colour", "a colour"),
    "material": ("material", "a material"),
    "styles": ("style", "a style"),
    "background": ("background", "a background"),
    "season": ("season", "a season"),
    "audience": ("audience", "an audience"),
    "props": ("prop", "a prop"),
    "body": ("body", "a wish about the body"),
}
"""Field of the form to the when column that defines its values, and what one value is called."""

_LANGUAGES = {
    Locale.ZH.value: ("中文", "汉语", "简体中文", "chinese", "cn", "zh-cn"),
    Locale.EN.value: ("英文", "英语", "english", "en-us", "en-gb"),
}


@dataclass(frozen=True)
class FieldWords:
    """The words of one field: what a value is called, folded word to key, and names to show in zh and en."""

    noun: str
    keys: Mapping[str, str]
    zh: Mapping[str, str]

    def choices(self, written: str) -> str:
        """Say which values exist, in the language that was written, and which of them is nearest."""
        shown = self.zh if has_cjk(written) else {key: key for key in self.zh}
        near = closest(written, self.keys)
        hint = f" (did you mean {shown[near]}?)" if near else ""
        return f"use one of {', '.join(shown.values())}{hint}"

    def facts(self, written: str) -> Facts:
        """Name the values in both languages, and which of them is nearest; empty when none is near."""
        near = closest(written, self.keys)
        return (
            ("choices_en", ", ".join(self.zh)),
            ("choices_zh", ", ".join(self.zh.values())),
            ("near_en", near),
            ("near_zh", self.zh.get(near, near)),
        )


def form_words(
    tables: RuleTables, channels: Collection[str], shots: Collection[ShotType]
) -> Mapping[str, FieldWords]:
    """Collect the words of every field whose values are keys.

    `channels` holds the channels' keys, or maps each to its other names; `shots` are those on offer.
    """
    words = {field: _table_words(tables, column, noun) for field, (column, noun) in TABLE_COLUMNS.items()}
    names = channels if isinstance(channels, Mapping) else dict.fromkeys(channels, ())
    return {
        **words,
        "shots": _offered(tables, shots),
        "channels": _named_words("a channel", names),
        "locale": _named_words("a language", _LANGUAGES),
    }


def _table_words(tables: RuleTables, column: str, noun: str) -> FieldWords:
    return FieldWords(noun, tables.names(column), {value.key: value.zh for value in tables.values(column)})


def _offered(tables: RuleTables, shots: Collection[ShotType]) -> FieldWords:
    words = _table_words(tables, "shot", "a shot type")
    offered = frozenset(shot.value for shot in shots)
    keys = {name: key for name, key in words.keys.items() if key in offered}
    return FieldWords(words.noun, keys, {key: zh for key, zh in words.zh.items() if key in offered})


def _named_words(noun: str, names: Mapping[str, Collection[str]]) -> FieldWords:
    folded: dict[str, str] = {}
    for key, others in names.items():
        for name in (key, *others):
            folded.setdefault(fold(name), key)
    zh = {key: next((name for name in others if has_cjk(name)), key) for key, others in names.items()}
    # A key is a channel's own name, whatever another channel may be called besides.
    return FieldWords(noun, {**folded, **{fold(key): key for key in names}}, zh)
