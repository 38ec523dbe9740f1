"""The fields of a product form as a page shows them, made from ProductForm's JSON Schema. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from pydantic import ValidationError
from starlette.datastructures import FormData

from prompt_rules import RuleTables
from prompt_rules.form_schema import form_schema
from schemas import Locale, ProductForm
from studio.field_faults import SHOWN, FieldFault, Wrong, faults_of
from zimage_core.renditions import RecipeTable

NOT_IN_TEMPLATES = ("sku", "title", "gtin")
"""Fields of one product that a template for a category leaves open."""

LONGEST = 2000
"""Characters of one text of a draft; what is longer is no form."""

MOST_ENTRIES = 100
"""Entries of one list of a draft."""


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"  #: one line
    LINES = "lines"  #: one entry a line
    CHOICE = "choice"  #: one of known values
    CHOICES = "choices"  #: any of known values


@dataclass(frozen=True)
class Option:
    """A value with its name in the reader's language."""

    key: str
    name: str


@dataclass(frozen=True)
class FormField:
    """One field: its name in the form, its words, and its values where they are known."""

    name: str
    title: str
    help: str
    kind: Kind
    required: bool
    options: tuple[Option, ...]


@dataclass(frozen=True)
class FilledForm:
    """What a person has filled in: the form when it is whole, else what is wrong and what still missing."""

    values: Mapping[str, Any]
    """Field to text, or to a list of texts, as they were given."""
    form: ProductForm | None = None
    faults: tuple[FieldFault, ...] = ()
    missing: tuple[str, ...] = ()


def fields_of(tables: RuleTables, recipes: RecipeTable, locale: Locale) -> tuple[FormField, ...]:
    """List the fields of ProductForm in their order, in the reader's language."""
    schema = form_schema(tables, tuple(recipes.channels))
    required = set(schema["required"])
    names = {key: spec.channel_name for spec in recipes.specs for key in [spec.channel]}
    return tuple(_field(name, shape, required, names, locale) for name, shape in schema["properties"].items())


def _field(
    name: str,
    shape: Mapping[str, Any],
    required: Collection[str],
    channels: Mapping[str, str],
    locale: Locale,
) -> FormField:
    language = locale.value
    values = shape.get("x-values")
    many = shape.get("type") == "array"
    if name == "locale":
        options: tuple[Option, ...] = (Option("zh", "中文"), Option("en", "English"))
    else:
        options = tuple(
            Option(one["key"], one.get(language) or channels.get(one["key"], one["key"]))
            for one in values or ()
        )
    # A wish that is not on the list is still a wish: those of must_not are known words, not choices.
    known = bool(options) and name not in ("must_have", "must_not")
    kind = (Kind.CHOICES if many else Kind.CHOICE) if known else (Kind.LINES if many else Kind.TEXT)
    return FormField(
        name, shape["x-title"][language], shape["x-help"][language], kind, name in required, options
    )


def given_values(data: FormData, fields: Sequence[FormField]) -> dict[str, Any]:
    """Read what a browser sent: texts without the space around them, lists without empty entries."""
    values: dict[str, Any] = {}
    for field in fields:
        sent = [one for one in data.getlist(field.name) if isinstance(one, str)]
        texts = [one.replace("\0", "").strip()[:LONGEST] for one in sent]
        match field.kind:
            case Kind.TEXT | Kind.CHOICE:
                value: Any = texts[0] if texts else ""
            case Kind.LINES:
                value = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
            case Kind.CHOICES:
                value = list(dict.fromkeys(one for one in texts if one))
            case _:
                assert_never(field.kind)
        if value:
            values[field.name] = value[:MOST_ENTRIES] if isinstance(value, list) else value
    return values


def filled(values: Mapping[str, Any], fields: Sequence[FormField]) -> FilledForm:
    """Turn values into a ProductForm, or say which fields are wrong and which still missing."""
    missing = tuple(field.name for field in fields if field.required and field.name not in values)
    faults: list[FieldFault] = []
    form = None
    try:
        form = ProductForm.model_validate(values)
    except ValidationError as error:
        faults += faults_of(error)
    named = {fault.field for fault in faults}
    faults += [fault for fault in strange_values(values, fields) if fault.field not in named]
    return FilledForm(values, None if faults else form, tuple(faults), missing)


def strange_values(values: Mapping[str, Any], fields: Sequence[FormField]) -> Iterator[FieldFault]:
    """Name the values that are not on the lists of their fields."""
    for field in fields:
        if field.kind not in (Kind.CHOICE, Kind.CHOICES) or field.name not in values:
            continue
        given = values[field.name]
        known = {option.key for option in field.options}
        for one in given if isinstance(given, list | tuple) else [given]:
            if str(one) not in known:
                yield FieldFault(field.name, Wrong.UNKNOWN, {"value": str(one)[:SHOWN]})
                break


def shown(form: ProductForm) -> dict[str, Any]:
    """Return a form's values by field, lists as lists, for the page to show."""
    return {name: value for name, value in form.model_dump(mode="json").items() if value}
