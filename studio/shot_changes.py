"""Making a shot again with something changed.

A shot's id comes from its form, so the same form again is the same shot and nothing would be made. A changed
form is a new shot of the same product in the same campaign, beside the old one, whose records all stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas import Locale, ProductForm, Shot
from studio.desk import Desk
from studio.errors import FormRefused
from studio.form_fields import FormField, Kind, Option, fields_of

CHANGEABLE = ("background", "colour", "material", "season", "audience")
"""Fields of one value each that change the picture and not the product's number."""


@dataclass(frozen=True)
class Change:
    """A field that may be changed, with the values that it does not have now."""

    name: str
    title: str
    options: tuple[Option, ...]


def changes_for(desk: Desk, shot: Shot, locale: Locale) -> tuple[Change, ...]:
    """List the changes that can be chosen for a shot, in the reader's language."""
    return tuple(_changes(fields_of(desk.tables, desk.recipes, locale), shot))


def changed_form(shot: Shot, change: str) -> ProductForm:
    """Return the form of one shot with `field:value` put in; raises FormRefused.

    The refusal names no fault when what was given is no change.

    Only this shot's view is asked for, so that the product's other views are not made again.
    """
    name, _, value = change.partition(":")
    if name not in CHANGEABLE or not value or getattr(shot.form, name) == value:
        raise FormRefused(faults=[])
    told = shot.form.model_dump(mode="json")
    try:
        return ProductForm.model_validate({**told, name: value, "shots": [shot.shot_type]})
    except ValueError as error:
        raise FormRefused(
            faults=[{"field": name, "kind": "unknown", "facts": {"value": value[:60]}}]
        ) from error


def _changes(fields: tuple[FormField, ...], shot: Shot) -> Iterator[Change]:
    for field in fields:
        if field.name in CHANGEABLE and field.kind is Kind.CHOICE:
            current = getattr(shot.form, field.name)
            yield Change(field.name, field.title, tuple(one for one in field.options if one.key != current))
