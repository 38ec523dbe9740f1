"""The words of the pages in English and Chinese: a folder per language, the same files and keys in both."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schemas import Locale

SHORT = {"zh": Locale.ZH, "en": Locale.EN}


@dataclass(frozen=True)
class Words:
    """The phrases of one language by key; keys are `page.phrase`."""

    locale: Locale
    phrases: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return the phrase of `key` with `{name}` filled in; KeyError for an unknown key."""
        phrase = self.phrases[key]
        return phrase.format(**values) if values else phrase

    def of(self, section: str, value: object) -> str:
        """Return the phrase for a value of a known list, such as a state; the value itself when none is."""
        return self.phrases.get(f"{section}.{value}", str(value))


@cache
def words(locale: Locale) -> Words:
    """Return the words of a language, read once; a section stands in one file only."""
    flat: dict[str, str] = {}
    for file in sorted(files("studio").joinpath("words", locale.value).iterdir(), key=lambda file: file.name):
        for name, part in tomllib.loads(file.read_text(encoding="utf-8")).items():
            flat |= {f"{name}.{key}": phrase for key, phrase in part.items()}
    return Words(locale, flat)


def preferred(chosen: str | None, accepted: str) -> Locale:
    """Return the language a visitor chose before, else the first known one of Accept-Language, else English.

    Quality values are honoured; of equals the first counts (RFC 9110, 12.5.4).
    """
    if chosen in SHORT:
        return SHORT[chosen]
    offers = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        locale = SHORT.get(tag[:2].lower())
        if locale:
            offers.append((-_quality(weight), place, locale))
    return min(offers)[2] if offers else Locale.EN


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
