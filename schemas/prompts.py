"""The compiled prompt, what it claims must be visible, and which rules made it."""

from pydantic import Field

from schemas.forms import Locale
from schemas.identity import content_id
from schemas.shape import Schema, Slug


class ClaimOption(Schema):
    """One possible value of a claim with the texts that say it; a scorer averages over the texts."""

    value: Slug
    texts: tuple[str, ...] = Field(min_length=1)
    swatch: str = Field(default="", pattern=r"^(#[0-9A-Fa-f]{6})?$")
    """The sRGB value that a colour means, for measuring how far a picture is from it; empty for none."""


class Claim(Schema):
    """One atomic thing that must be visible, beside the values it must not be mistaken for."""

    kind: Slug
    truth: ClaimOption
    distractors: tuple[ClaimOption, ...] = Field(min_length=1)


class TraceEntry(Schema):
    """One rule that fired: the words it put into which slot of the sentence, and its reason."""

    rule: str
    slot: Slug
    op: Slug
    words: str
    why: str


class PromptSpec(Schema):
    """A prompt compiled from a form: its text, its claims and its trace. Same input, same bytes."""

    text: str = Field(min_length=1)
    negative: str = ""
    locale: Locale
    claims: tuple[Claim, ...] = Field(min_length=1)
    trace: tuple[TraceEntry, ...]
    tables: str
    """Content id of the rule tables that compiled it."""
    scoring: str = ""
    """The same picture in English, for a scorer that reads English only."""
    tokens: int = Field(default=0, ge=0)
    """A number of tokens that `text` does not exceed; 0 when nobody counted."""

    @property
    def fingerprint(self) -> str:
        """The content id of what reaches the model and the scorer; what only explains it is left out."""
        explaining = {"trace", "tables", "scoring", "tokens"}
        return content_id("spec", self.model_dump(mode="json", exclude=explaining))
