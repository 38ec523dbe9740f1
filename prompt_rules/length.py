"""Keeping a prompt within what the text encoder reads: the least important phrases go first. Pure."""

from collections.abc import Mapping, Sequence

from prompt_rules.errors import PromptTooLong
from prompt_rules.rules import Rule, Slot
from prompt_rules.sentence import Phrase, write_sentence
from prompt_rules.text import MAX_CHARACTERS, MAX_TOKENS, shorten, token_bound
from schemas import ProductForm, ShotType, TraceEntry

TRIM_ORDER = (
    *(Slot.CHANNEL, Slot.AUDIENCE, Slot.SEASON, Slot.PROPS, Slot.ANGLE),
    *(Slot.COMPOSITION, Slot.BODY, Slot.STYLE),
)
"""Slots that may fall silent, the least important first; all others are what the picture is."""

_TRIMMED = "Left out: the prompt was longer than the text encoder reads, and other words matter more"


def is_long(text: str) -> bool:
    """Report whether the text encoder might cut `text`."""
    return len(text) > MAX_CHARACTERS or token_bound(text) > MAX_TOKENS


def fitted(
    form: ProductForm,
    shot: ShotType,
    said: Mapping[Slot, Rule],
    rest: list[Phrase],
    trace: list[TraceEntry],
) -> tuple[list[Phrase], list[TraceEntry]]:
    """Return phrases that make a text of the right length, and the trace with `trim` for those left out.

    Phrases go slot by slot in TRIM_ORDER, the last of a slot first. Raises PromptTooLong when what remains
    is still too long.
    """
    text = write_sentence(form.locale, said, rest)
    spare = [
        phrase for slot in TRIM_ORDER for phrase in reversed(rest) if phrase.slot is slot and phrase.words
    ]
    kept, trimmed = list(rest), set()
    while spare and is_long(text):
        phrase = spare.pop(0)
        kept.remove(phrase)
        trimmed.add(phrase.rule)
        text = write_sentence(form.locale, said, kept)
    refuse_long(form, shot, "must_have", text)
    return kept, _marked(trace, trimmed) if trimmed else trace


def _marked(trace: Sequence[TraceEntry], trimmed: set[str]) -> list[TraceEntry]:
    return [
        entry.model_copy(update={"op": "trim", "why": _TRIMMED}) if entry.rule in trimmed else entry
        for entry in trace
    ]


def refuse_long(form: ProductForm, shot: ShotType, column: str, text: str) -> None:
    """Raise PromptTooLong, blaming a column, when the encoder might cut `text`."""
    if is_long(text):
        raise PromptTooLong.at(
            column,
            shorten(text),
            f"makes the text {len(text)} characters long, up to {token_bound(text)} tokens",
            f"shorten it to {MAX_CHARACTERS} characters, {MAX_TOKENS} tokens; the text encoder cuts the rest",
            sku=form.sku,
            shot=shot.value,
        )
