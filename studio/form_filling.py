"""The filled-in page of a form: where its values come from, and everything the page shows beside them."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response

from catalog import NotRegistered
from prompt_rules import RuleTables
from schemas import FormInvalid
from schemas.estimates import Estimate
from studio.desk import Desk
from studio.field_faults import FieldFault
from studio.form_fields import NOT_IN_TEMPLATES, FilledForm, FormField, fields_of, filled, shown
from studio.pages import page, words_of
from studio.previews import Preview, preview
from studio.submissions import usual_campaign


@dataclass(frozen=True)
class Page:
    """What a new form's page is filled with."""

    values: dict[str, Any]
    campaign: str = field(default_factory=usual_campaign)
    draft: str = field(default_factory=lambda: secrets.token_hex(12))
    copied: str = ""
    """The SKU whose earlier form this is a copy of."""
    unknown: str = ""
    """The SKU that nobody submitted before."""
    template: str = ""
    note: str = ""
    """Key of the phrase that says what was just done."""


def begun(desk: Desk, reader: str, sku: str, template: str, draft: str) -> Page:
    """Begin a form: as the draft was left, from a template, or like the newest form of `sku`.

    Raises NotRegistered for a draft or template that is gone.
    """
    if draft:
        kept = desk.catalog.draft(draft, reader)
        campaign = str(kept.fields.get("campaign") or usual_campaign())
        return Page({k: v for k, v in kept.fields.items() if k != "campaign"}, campaign, draft)
    if template:
        kept = desk.catalog.draft(template, reader)
        given = {"sku": sku} if sku else {}
        return Page({**kept.fields, "category": kept.category, **given}, template=kept.name)
    if sku:
        try:
            return Page(shown(desk.catalog.newest_form(sku)), copied=sku)
        except NotRegistered:
            return Page({"sku": sku}, unknown=sku)
    return Page({})


def for_template(values: dict[str, Any]) -> dict[str, Any]:
    """Return those values that hold for every product of a category."""
    return {name: value for name, value in values.items() if name not in NOT_IN_TEMPLATES}


@dataclass(frozen=True)
class Outlook:
    """What the form would come to, as far as it is filled in."""

    given: FilledForm
    preview: Preview | None
    estimate: Estimate | None


def outlook(desk: Desk, tables: RuleTables, values: dict[str, Any], fields: tuple[FormField, ...]) -> Outlook:
    """Compile and estimate the form that the values make; without a whole form there is no preview."""
    given = filled(values, fields)
    if given.form is None:
        return Outlook(given, None, None)
    try:
        made = preview(given.form, tables, desk.recipes)
    except FormInvalid:
        return Outlook(given, None, None)
    return Outlook(given, made, made.estimate(desk.catalog.measured(), desk.settings.costs))


def form_page(
    request: Request,
    shown_page: Page,
    faults: tuple[FieldFault, ...] = (),
    missing: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    """Show the form with its values; `faults` and `missing` are named at their fields."""
    desk: Desk = request.app.state.desk
    told, tables = words_of(request), desk.tables
    fields = fields_of(tables, desk.recipes, told.locale)
    expected = outlook(desk, tables, shown_page.values, fields)
    wrong = {fault.field: fault.sentence(told) for fault in reversed((*expected.given.faults, *faults))}
    wrong |= dict.fromkeys(missing, told("field_fault.missing"))
    return page(
        request,
        "form_new.html.j2",
        status,
        fields=fields,
        shown=shown_page,
        wrong=wrong,
        campaigns=desk.catalog.open_campaigns(),
        templates=desk.catalog.templates(),
        categories={option.key: option.name for f in fields if f.name == "category" for option in f.options},
        outlook=expected,
    )
