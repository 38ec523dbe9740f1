"""Why a picture was turned down, in the reader's words. Pure."""

from studio.language import Words


def reason_name(words: Words, key: str) -> str:
    """Say a reason by its key (schemas/reasons.py, and `failure.CODE`); an unknown one in plain letters."""
    kind, _, value = key.partition(".")
    if not value:
        return words.of("reason", key)
    own = f"reason.{kind}_{value}"
    if own in words.phrases:
        return words(own)
    known = words.of(kind, value)
    what = value.replace("_", " ") if known == value else known
    return words(f"reason.{kind}", what=what) if f"reason.{kind}" in words.phrases else what
