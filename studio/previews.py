"""What a form would come to before it costs anything: prompts, claims, words to look at, files. Pure."""

from dataclasses import dataclass

from prompt_rules import CopyFinding, PromptError, RuleTables, find_forbidden
from prompt_rules.explanations import Explanation, explain
from prompt_rules.rules import Level
from schemas import ProductForm, RenditionSpec, ShotType
from zimage_core.renditions import RecipeTable


@dataclass(frozen=True)
class ShotPreview:
    """One shot: who wrote which words, and the files; or the sentence that says why it cannot be made."""

    shot: ShotType
    told: Explanation | None
    trouble: str
    files: tuple[RenditionSpec, ...]


@dataclass(frozen=True)
class Preview:
    """A form as it would be made."""

    shots: tuple[ShotPreview, ...]
    findings: tuple[CopyFinding, ...]

    @property
    def blocked(self) -> bool:
        """Whether something keeps the form from being made."""
        barred = any(found.level is Level.BLOCK for found in self.findings)
        return barred or any(shot.trouble for shot in self.shots)


def preview(form: ProductForm, tables: RuleTables, recipes: RecipeTable) -> Preview:
    """Compile every shot of `form` and list its files; raises FormInvalid for an unknown channel."""
    return Preview(
        shots=tuple(_shot(form, shot, tables, recipes) for shot in form.shots),
        findings=find_forbidden(form, tables),
    )


def _shot(form: ProductForm, shot: ShotType, tables: RuleTables, recipes: RecipeTable) -> ShotPreview:
    files = recipes.for_shot(form.channels, shot)
    try:
        return ShotPreview(shot, explain(form, shot, tables), "", files)
    except PromptError as error:
        return ShotPreview(shot, None, error.message, files)
