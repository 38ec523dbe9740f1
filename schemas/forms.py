"""What a merchant fills in, and the shots that follow from it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from schemas.form_titles import titled
from schemas.identity import content_id
from schemas.shape import Schema, Slug

MAX_LIST = 20
"""Most entries a list cell may hold; a brief with more than that is two products."""


class ShotType(StrEnum):
    """The kinds of view of a product that we make."""

    WHITE_MAIN = "white_main"  #: the whole product on pure white, for the first slot of nearly every channel
    SCENE = "scene"  #: the product in a place
    DETAIL = "detail"  #: a close-up of its telling part
    MODEL = "model"  #: worn or held by a person
    POSTER = "poster"  #: with room for copy text
    SIZE_CHART = "size_chart"  #: laid out flat and square to the camera, with room for measures


class Locale(StrEnum):
    """The language a form is written in, and its prompt."""

    ZH = "zh"  #: Simplified Chinese
    EN = "en"  #: English


Sku = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](?:\.?[A-Za-z0-9_-])*$", max_length=64)]
"""A stock keeping unit that is safe in a file name: letters, digits, `-`, `_` and single dots, at most 64."""

GTIN_LENGTHS = (8, 12, 13, 14)


def gtin_14(text: str) -> str:
    """Return a GTIN of 8, 12, 13 or 14 digits as 14, as Walmart wants it; ValueError when it is none.

    The last digit is GS1's check digit: from the right the digits weigh 3 and 1 in turn, and the sum with it
    is a multiple of 10.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) in GTIN_LENGTHS):
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    padded = digits.zfill(14)
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(padded[:13]))
    if (total + int(padded[13])) % 10:
        raise ValueError(f"the last digit of this GTIN should be {-total % 10}")
    return padded


Gtin = Annotated[str, AfterValidator(gtin_14)]
"""A GTIN (the number of the bar code) as 14 digits."""

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A short text of a person's."""

CampaignName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
"""A campaign's name: letters, digits, `-`, `_` and dots, at most 100."""


class ProductForm(Schema):
    """One product as a merchant describes it, with the shots and channels wanted.

    `category`, `colour`, `material`, `background`, `styles`, `season`, `audience`, `props` and `body` are
    keys of the rule tables; whoever reads a sheet turns the words people write into these keys first.
    """

    model_config = ConfigDict(json_schema_extra=titled)

    sku: Sku
    title: Phrase
    category: Slug
    colour: Slug
    material: Slug | None = None
    styles: tuple[Slug, ...] = Field(default=(), max_length=MAX_LIST)
    selling_points: tuple[Phrase, ...] = Field(default=(), max_length=MAX_LIST)
    copy_text: tuple[Phrase, ...] = Field(default=(), max_length=MAX_LIST)
    background: Slug | None = None
    shots: tuple[ShotType, ...] = Field(min_length=1)
    channels: tuple[Slug, ...] = Field(min_length=1, max_length=MAX_LIST)
    must_have: tuple[Phrase, ...] = Field(default=(), max_length=MAX_LIST)
    must_not: tuple[Phrase, ...] = Field(default=(), max_length=MAX_LIST)
    locale: Locale = Locale.EN
    season: Slug | None = None
    audience: Slug | None = None
    props: tuple[Slug, ...] = Field(default=(), max_length=MAX_LIST)
    body: tuple[Slug, ...] = Field(default=(), max_length=MAX_LIST)
    gtin: Gtin | None = None

    @model_validator(mode="after")
    def _lists_name_each_thing_once(self) -> Self:
        for name in ("shots", "channels", "styles", "props", "body"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"{name} names something twice")
        return self

    @property
    def fingerprint(self) -> str:
        """The form's content id; any change of any field changes it.

        Fields left at their default do not count, so that a field added later renames no stored form.
        """
        return content_id("form", self.model_dump(mode="json", exclude_defaults=True))


class Shot(Schema):
    """One wanted view of one product in one campaign: the unit that the line satisfies."""

    campaign: CampaignName
    form: ProductForm
    shot_type: ShotType

    @property
    def id(self) -> str:
        """The shot's content id: a changed form is a new shot, the same form again is the same shot."""
        return content_id("shot", [self.campaign, self.form.fingerprint, self.shot_type])


def shots_of(campaign: str, form: ProductForm) -> tuple[Shot, ...]:
    """List the shots that `form` asks for, in the form's order."""
    return tuple(Shot(campaign=campaign, form=form, shot_type=kind) for kind in form.shots)
