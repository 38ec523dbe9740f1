"""Ready-made forms, shots, specs and jobs for tests; keywords override any field."""

from typing import Any

from schemas import (
    Claim,
    ClaimOption,
    Locale,
    Preset,
    ProductForm,
    PromptSpec,
    RenderJob,
    Shot,
    ShotType,
    TraceEntry,
    Variant,
)


def a_form(**fields: Any) -> ProductForm:
    """A red mug for Taobao and Amazon."""
    usual: dict[str, Any] = {
        "sku": "MUG-RED-01",
        "title": "Red mug",
        "category": "mug",
        "colour": "red",
        "material": "ceramic",
        "background": "wood",
        "shots": (ShotType.WHITE_MAIN, ShotType.SCENE),
        "channels": ("taobao", "amazon"),
        "locale": Locale.EN,
    }
    return ProductForm.model_validate({**usual, **fields})


def a_shot(shot_type: ShotType = ShotType.WHITE_MAIN, campaign: str = "spring", **form_fields: Any) -> Shot:
    """The white main picture of the red mug in the campaign `spring`."""
    return Shot(campaign=campaign, form=a_form(**form_fields), shot_type=shot_type)


def a_claim(kind: str = "colour", value: str = "red", rivals: tuple[str, ...] = ("blue", "green")) -> Claim:
    """The claim that the mug is red and not blue or green."""

    def option(name: str) -> ClaimOption:
        return ClaimOption(value=name, texts=(f"a {name} mug",))

    return Claim(kind=kind, truth=option(value), distractors=tuple(option(name) for name in rivals))


def a_spec(**fields: Any) -> PromptSpec:
    """The prompt of the red mug."""
    usual: dict[str, Any] = {
        "text": "A red ceramic mug, seamless pure white background.",
        "locale": Locale.EN,
        "claims": (a_claim(),),
        "trace": (TraceEntry(rule="colour.red", slot="colour", op="say", words="red", why="asked for"),),
        "tables": "tables_000000000000000000000000",
    }
    return PromptSpec.model_validate({**usual, **fields})


def a_preset(variant: Variant = Variant.TURBO, **fields: Any) -> Preset:
    """Turbo at 8 steps without guidance, Base at 28 with; 128 px."""
    steps, guidance = (8, 0.0) if variant is Variant.TURBO else (28, 2.0)
    usual: dict[str, Any] = {
        "name": variant.value,
        "variant": variant,
        "steps": steps,
        "guidance": guidance,
        "width": 128,
        "height": 128,
    }
    return Preset.model_validate({**usual, **fields})


def a_job(
    number: int = 0, variant: Variant = Variant.TURBO, shot_id: str = "shot_1", **options: Any
) -> RenderJob:
    """The first Turbo attempt at the red mug."""
    return RenderJob.for_attempt(a_spec(), a_preset(variant), shot_id, number, **options)
