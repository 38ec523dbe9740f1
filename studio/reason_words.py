"""Why a picture was turned down, in the reader's words. Pure."""

from schemas import Locale
from schemas.defects import defect_kinds
from studio.language import Words


def reason_name(words: Words, key: str) -> str:
    """Say a reason by its key (schemas/reasons.py, and `failure.CODE`); an unknown one in plain letters."""
    kind, _, value = key.partition(".")
    if not value:
        return words.of("reason", key)
    own = f"reason.{kind}_{value}"
    if own in words.phrases:
        return words(own)
    what = _what(words, kind, value)
    return words(f"reason.{kind}", what=what) if f"reason.{kind}" in words.phrases else what


def _what(words: Words, kind: str, value: str) -> str:
    """Name what a reason is about; defects are named by their own table."""
    if kind == "defect" and (defect := defect_kinds().get(value)):
        return defect.zh if words.locale is Locale.ZH else defect.en
    known = words.of(kind, value)
    return value.replace("_", " ") if known == value else known
