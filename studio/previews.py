"""What a form would come to before it costs anything: prompts, claims, words, files and cost. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from prompt_rules import CopyFinding, PromptError, RuleTables, find_forbidden
from prompt_rules.explanations import Explanation, explain
from prompt_rules.rules import Level
from schemas import ProductForm, RenditionSpec, ShotType
from schemas.estimates import Estimate, Measured, estimate
from schemas.settings import CostSettings
from studio.field_faults import FieldFault, fault_of_prompt, faults_of_words
from zimage_core.renditions import RecipeTable


@dataclass(frozen=True)
class ShotPreview:
    """One shot: who wrote which words, and the files; or the fault that says why it cannot be made."""

    shot: ShotType
    told: Explanation | None
    fault: FieldFault | None
    files: tuple[RenditionSpec, ...]

    @property
    def marks(self) -> dict[str, int]:
        """Each rule that wrote words, with its number in the order of the sentence, from 1."""
        rules = [part.rule for part in self.told.parts if part.rule] if self.told else []
        return {rule: number for number, rule in enumerate(dict.fromkeys(rules), start=1)}


@dataclass(frozen=True)
class Preview:
    """A form as it would be made."""

    shots: tuple[ShotPreview, ...]
    findings: tuple[CopyFinding, ...]

    @property
    def faults(self) -> tuple[FieldFault, ...]:
        """What keeps the form from being made, each problem once."""
        found = [*faults_of_words(self.findings), *(shot.fault for shot in self.shots if shot.fault)]
        return tuple({(one.field, one.kind, str(one.facts)): one for one in found}.values())

    @property
    def barred(self) -> tuple[CopyFinding, ...]:
        """The words that may not be used."""
        return tuple(found for found in self.findings if found.level is Level.BLOCK)

    def estimate(self, measured: Measured, costs: CostSettings) -> Estimate:
        """Estimate the shots that can be made."""
        ours = [shot for shot in self.shots if shot.told]
        return estimate(len(ours), sum(len(shot.files) for shot in ours), measured, costs)


def preview(form: ProductForm, tables: RuleTables, recipes: RecipeTable) -> Preview:
    """Compile every shot of `form` and list its files; raises FormInvalid for an unknown channel."""
    return Preview(tuple(_shots(form, tables, recipes)), find_forbidden(form, tables))


def _shots(form: ProductForm, tables: RuleTables, recipes: RecipeTable) -> Iterator[ShotPreview]:
    for shot in form.shots:
        files = recipes.for_shot(form.channels, shot)
        try:
            yield ShotPreview(shot, explain(form, shot, tables), None, files)
        except PromptError as error:
            yield ShotPreview(shot, None, fault_of_prompt(error, shot), files)
