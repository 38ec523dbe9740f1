"""Handing a form in: checked, kept in the catalog, and only then told to the flows."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from catalog import RecordRefused, ShotState
from prompt_rules import RuleTables
from schemas import Locale, ProductForm, Shot
from schemas.forms import CampaignName
from studio.desk import Desk
from studio.errors import FormRefused
from studio.field_faults import FieldFault, Wrong
from studio.form_fields import fields_of, strange_values
from studio.previews import preview

_NAME: TypeAdapter[str] = TypeAdapter(CampaignName)


@dataclass(frozen=True)
class Submitted:
    """What became of a form: its shots, how many of them are new, and the run that was started for it."""

    campaign: str
    sku: str
    shots: tuple[Shot, ...]
    new: int
    run_page: str

    @property
    def page(self) -> str:
        """The address where its shots are watched."""
        return f"/forms/{self.campaign}/{self.sku}"


def usual_campaign() -> str:
    """Name the campaign of single forms that are handed in today (UTC)."""
    return f"forms-{datetime.now(UTC):%Y-%m-%d}"


def faults_of_form(form: ProductForm, desk: Desk, tables: RuleTables) -> tuple[FieldFault, ...]:
    """List everything that keeps `form` from being made with the tables in force; nothing when it can be."""
    return faults_of_values(form, desk, tables) or preview(form, tables, desk.recipes).faults


def faults_of_values(form: ProductForm, desk: Desk, tables: RuleTables) -> tuple[FieldFault, ...]:
    """List the values that are not on their lists, and texts that hold control characters."""
    values = form.model_dump(mode="json", exclude_none=True)
    strange = tuple(strange_values(values, fields_of(tables, desk.recipes, Locale.EN)))
    return strange + tuple(FieldFault(name, Wrong.UNUSABLE) for name in _unreadable(values))


def fault_of_campaign(name: str) -> tuple[FieldFault, ...]:
    """Say what is wrong with a campaign's name; nothing when it can be used."""
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return (FieldFault("campaign", Wrong.CAMPAIGN),)
    return ()


def submit(desk: Desk, campaign: str, form: ProductForm, by: str) -> Submitted:
    """Keep `form` in `campaign` and tell the flows; the same form again makes nothing new.

    Raises FormRefused, whose faults `faults_in` reads.
    """
    faults = (*fault_of_campaign(campaign), *faults_of_form(form, desk, desk.tables))
    if faults:
        raise _refused(faults)
    try:
        known = desk.catalog.submit(campaign, [form], by=by)
    except RecordRefused as error:
        raise _refused([FieldFault("campaign", Wrong.CANCELLED)]) from error
    return Submitted(campaign, form.sku, known.shots, known.new, _told(desk, campaign, form))


def _told(desk: Desk, campaign: str, form: ProductForm) -> str:
    """Tell the flows unless nothing is left to do; what was tried since makes it another submission."""
    shots = desk.catalog.product_shots(campaign, form.sku)
    ours = [shot for shot in shots if shot.form == form.fingerprint]
    if not any(shot.state is ShotState.UNFINISHED for shot in ours):
        return desk.nudge.run_page(campaign, form.sku)
    tries = sum(len(shot.tries) for shot in ours)
    return desk.nudge.form_submitted(campaign, form, f"after {tries} attempts")


def faults_in(error: FormRefused) -> tuple[FieldFault, ...]:
    """Return what was wrong with the form that was refused."""
    return tuple(
        FieldFault(one["field"], Wrong(one["kind"]), one["facts"]) for one in error.context["faults"]
    )


def _refused(faults: Sequence[FieldFault]) -> FormRefused:
    told = [{"field": one.field, "kind": one.kind, "facts": dict(one.facts)} for one in faults]
    return FormRefused(faults=told)


def _unreadable(values: Mapping[str, object]) -> Iterator[str]:
    """Name the fields with control characters: no font shows them, and PostgreSQL keeps no NUL."""
    for name, value in values.items():
        texts = value if isinstance(value, list) else [value]
        if any(unicodedata.category(letter) == "Cc" for text in texts for letter in str(text)):
            yield name
