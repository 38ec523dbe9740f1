"""What a checked sheet will come to: the first prompts as they will be asked, and the estimate."""

from dataclasses import dataclass
from itertools import islice

from prompt_rules import PromptError, RuleTables, compile_prompt
from schemas import ProductForm, ShotType
from schemas.estimates import Estimate, estimate
from studio.desk import Desk
from studio.sheets import CheckedSheet

SHOWN = 5
"""Prompts shown: enough to see a column that was misread."""


@dataclass(frozen=True)
class Asked:
    """One prompt as the core will be asked it."""

    sku: str
    title: str
    shot: ShotType
    text: str


def estimate_of(desk: Desk, forms: tuple[ProductForm, ...]) -> Estimate:
    """Estimate pictures, files, minutes and cost at the rate of the newest shots."""
    shots = [(form, shot) for form in forms for shot in form.shots]
    counts: dict[tuple[tuple[str, ...], ShotType], int] = {}
    for form, shot in shots:
        key = form.channels, shot
        if key not in counts:
            counts[key] = len(desk.recipes.for_shot(form.channels, shot))
    files = sum(counts[form.channels, shot] for form, shot in shots)
    return estimate(len(shots), files, desk.catalog.measured(), desk.settings.costs)


def first_prompts(checked: CheckedSheet, tables: RuleTables) -> tuple[Asked, ...]:
    """Compile one shot of each of the first products; what cannot be compiled is among the problems."""
    found = (_asked(form, tables) for form in checked.forms)
    return tuple(islice((one for one in found if one is not None), SHOWN))


def _asked(form: ProductForm, tables: RuleTables) -> Asked | None:
    try:
        spec = compile_prompt(form, form.shots[0], tables)
    except PromptError:
        return None
    return Asked(form.sku, form.title, form.shots[0], spec.text)
