"""The files made from masters: their recipes, what was decided about their AI label, and their records."""

from enum import StrEnum

from pydantic import Field

from schemas.forms import ShotType
from schemas.identity import content_id
from schemas.shape import Schema, Sha256, Slug


class Fit(StrEnum):
    """How a master is brought to a slot's shape."""

    PAD = "pad"  #: keep all of it and fill the rest with its background
    CROP = "crop"  #: cut to the shape, never through the product


class LabelPolicy(StrEnum):
    """Whether a slot's file shows the AI label in its pixels; the metadata label is never optional."""

    VISIBLE = "visible"  #: in the pixels too
    METADATA = "metadata"  #: in the metadata only; no rule asks for more in this region
    ON_REQUEST = "on_request"  #: law wants it visible, the slot forbids marks: off on a recorded request


class TextPolicy(StrEnum):
    """Whether a slot takes copy text on its poster pictures."""

    FORBIDDEN = "none"  #: no text and no logo
    LOGO = "logo"  #: a logo, no text
    ALLOWED = "allowed"  #: text where the form brings some
    REQUIRED = "required"  #: a poster without text is no use there


class Confidence(StrEnum):
    """How sure a channel's rules are; shown wherever a rule is."""

    HIGH = "high"  #: the platform's own text was read
    MEDIUM = "medium"  #: several third-party pages agree
    LOW = "low"  #: one page, an old one, or pages that disagree
    UNCONFIRMED = "unconfirmed"  #: commonly cited, not found in a text


class RenditionSpec(Schema):
    """The recipe for one channel slot; source, source_date and confidence say how sure its rules are."""

    slot: Slug
    channel: Slug
    channel_name: str
    region: str
    listing: Slug
    """The channel's own slot, which several recipes may fill; counts are of its pictures in one listing."""
    shots: tuple[ShotType, ...] = Field(min_length=1)
    width: int = Field(ge=16, le=10_000)
    height: int = Field(ge=16, le=10_000)
    aspect: str
    """Shapes that the channel takes: `any`, `W:H`, several joined by `|`, or a range `W:H..W:H`."""
    least: tuple[int, int] | None = None
    """Least (width, height) in px that the channel takes; a 0 is not given."""
    most: tuple[int, int] | None = None
    """Greatest (width, height) in px that the channel takes; a 0 is not given."""
    fit: Fit
    background: Slug
    """`white255` where the channel demands it, else `any`."""
    formats: tuple[Slug, ...] = Field(min_length=1)
    """All formats that the channel takes, of those we write; `format` is the first."""
    format: Slug
    """`jpeg`, `png`, `webp` or `avif`: what is written."""
    min_bytes: int = Field(default=0, ge=0)
    max_bytes: int = Field(ge=1)
    naming: str
    """File name pattern with {sku}, {gtin}, {slot}, {shot}, {title}, {ext}."""
    text: TextPolicy = TextPolicy.FORBIDDEN
    label: LabelPolicy
    label_reason: str
    """Why the label is or is not visible here, in a sentence."""
    fill_min: float = Field(default=0.0, ge=0.0, le=1.0)
    count_min: int = Field(default=0, ge=0)
    count_max: int | None = Field(default=None, ge=1)
    slice_height: int = Field(default=0, ge=0)
    """Greatest height in px of one file of a long detail page; 0 where pages are not sliced."""
    kit: str = ""
    """Fingerprint of the brand kit that letters the file; empty where none does."""
    note: str = ""
    """What we chose ourselves, for people."""
    source: str
    source_date: str
    confidence: Confidence

    @property
    def fingerprint(self) -> str:
        """The recipe's content id: what changes the file, without where the rule was read."""
        return content_id("recipe", self.model_dump(mode="json", exclude=EVIDENCE))

    @property
    def certain(self) -> bool:
        """Whether the rules may be told as they stand; else they are told with their confidence."""
        return self.confidence in (Confidence.HIGH, Confidence.MEDIUM)


EVIDENCE = {
    "source", "source_date", "confidence", "channel_name", "region", "listing", "aspect", "least", "most",
    "count_min", "count_max", "label_reason", "note",
}  # fmt: skip
"""Fields of a recipe that change no file: where it was read, and what only a report holds files against."""


def rendition_id(shot_id: str, master: str, recipe: str) -> str:
    """Return a rendition's content id; the label inside its file needs it before the file exists."""
    return content_id("rendition", [shot_id, master, recipe])


class LabelDecision(Schema):
    """Whether one file shows the AI label, why, and who asked for the file without it.

    The record that China's labelling measures of 2025 (art. 9) want kept for six months.
    """

    policy: LabelPolicy
    reason: str
    requested_by: str = ""
    """Who asked for it unlabelled and bears the duty to label when publishing; empty otherwise."""
    text: str = ""
    """The words drawn; empty when none are."""
    height_px: int = Field(default=0, ge=0)
    """Height of the smallest capital or Chinese character of the words."""
    contrast: float = Field(default=0.0, ge=0.0)
    """WCAG ratio of the words against what lies behind them."""
    over_product: bool = False


class LetteringRecord(Schema):
    """The copy text that was set on a file, as it was measured."""

    texts: tuple[str, ...]
    size_px: int = Field(ge=1)
    """Font size of the headline."""
    contrast: float = Field(ge=0.0)
    """The least WCAG ratio of any line against what lies behind it."""
    plate: bool
    """Whether a plate was laid behind the words."""
    over_product: bool
    kit: str
    """Fingerprint of the brand kit."""


class Rendition(Schema):
    """A file derived from a master for a channel slot, as it was read back after writing."""

    shot_id: str
    master: Sha256
    slot: Slug
    recipe: str
    """Fingerprint of the RenditionSpec."""
    file_name: str
    sha256: Sha256
    byte_count: int
    width: int
    height: int
    format: Slug
    upscaled_from: tuple[int, int] | None = None
    """Size in px of what was enlarged to make it; None when nothing was."""
    label_id: str
    """ProduceID in the AI label of its metadata."""
    label_decision: LabelDecision | None = None
    """None for files made before decisions were kept."""
    lettering: LetteringRecord | None = None
    """None when no copy text was set."""
    signed_by: str = ""
    """Subject of the certificate that signed its C2PA manifest; empty when none did."""

    @property
    def id(self) -> str:
        """The rendition's content id: shot, master and recipe."""
        return rendition_id(self.shot_id, self.master, self.recipe)
