"""The fields of a product form as a page shows them, made from ProductForm's JSON Schema. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from pydantic import ValidationError
from starlette.datastructures import FormData

from prompt_rules import RuleTables
from prompt_rules.form_schema import form_schema
from schemas import Locale, ProductForm
from zimage_core.renditions import RecipeTable


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
    """What a person has filled in: the form when it is whole, else what is wrong with which field."""

    form: ProductForm | None
    wrong: Mapping[str, str]
    missing: tuple[str, ...]


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
    kind = (Kind.CHOICES if many else Kind.CHOICE) if options else (Kind.LINES if many else Kind.TEXT)
    return FormField(
        name, shape["x-title"][language], shape["x-help"][language], kind, name in required, options
    )


def filled(data: FormData, fields: Sequence[FormField]) -> FilledForm:
    """Read what a browser sent into a ProductForm, or say which fields are wrong and which still missing."""
    values: dict[str, Any] = {}
    for field in fields:
        given = [str(one).strip() for one in data.getlist(field.name) if isinstance(one, str)]
        match field.kind:
            case Kind.TEXT | Kind.CHOICE:
                value: Any = given[0] if given and given[0] else None
            case Kind.LINES:
                value = [line.strip() for text in given for line in text.splitlines() if line.strip()] or None
            case Kind.CHOICES:
                value = [one for one in given if one] or None
            case _:
                assert_never(field.kind)
        if value is not None:
            values[field.name] = value
    missing = tuple(field.name for field in fields if field.required and field.name not in values)
    try:
        return FilledForm(ProductForm.model_validate(values), {}, ())
    except ValidationError as error:
        wrong = {
            str(one["loc"][0]) if one["loc"] else "sku": one["msg"].removeprefix("Value error, ")
            for one in error.errors()
            if one["type"] != "missing"
        }
        return FilledForm(None, wrong, missing)


def shown(form: ProductForm | None) -> dict[str, Any]:
    """Return a form's values by field, lists as lists, for the page to show; empty for no form."""
    return form.model_dump(mode="json", exclude_none=True) if form else {}
