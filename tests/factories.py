"""Ready-made forms, shots, specs and jobs for tests; keywords override any field."""

from typing import Any

from schemas import (
    Attempt,
    Claim,
    ClaimOption,
    ClaimScore,
    Locale,
    Master,
    Outcome,
    Preset,
    ProductForm,
    PromptSpec,
    Provenance,
    RenderJob,
    Rendition,
    Scores,
    Shot,
    ShotType,
    TraceEntry,
    Variant,
    Verdict,
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


def a_provenance(job: RenderJob) -> Provenance:
    """Made on a CPU in half a second."""
    return Provenance(
        variant=job.preset.variant,
        weights="a" * 64,
        preset=job.preset,
        seed=job.seed,
        shape_key="128x128",
        versions={"torch": "2.15.0"},
        device="cpu",
        device_seconds=0.5,
    )


def some_scores(p_accept: float = 0.97) -> Scores:
    """The red is seen, and blue is the best rival."""
    seen = ClaimScore(kind="colour", value="red", p=p_accept, rival="blue", rival_p=1.0 - p_accept)
    return Scores(claims=(seen,), checks={"std": 0.21}, p_accept=p_accept, scorer="scorer_1")


def an_attempt(
    shot: Shot,
    number: int = 0,
    outcome: Outcome = Outcome.ACCEPTED,
    variant: Variant = Variant.TURBO,
    spec: PromptSpec | None = None,
    **fields: Any,
) -> Attempt:
    """A made attempt at `shot`, accepted on Turbo by policy; its picture is left to the catalog."""
    job = RenderJob.for_attempt(spec or a_spec(), a_preset(variant), shot.id, number)
    usual: dict[str, Any] = {
        "shot_id": shot.id,
        "number": number,
        "job": job,
        "scores": some_scores(),
        "provenance": a_provenance(job),
        "verdict": Verdict(outcome=outcome, reasons=("all claims are seen",), gate=0.85),
    }
    return Attempt.model_validate({**usual, **fields})


def a_rendition(master: Master, slot: str = "taobao_main", **fields: Any) -> Rendition:
    """The main Taobao file of the red mug."""
    usual: dict[str, Any] = {
        "shot_id": master.shot_id,
        "master": master.picture,
        "slot": slot,
        "recipe": f"recipe_{slot}",
        "file_name": f"MUG-RED-01_{slot}.jpg",
        "sha256": "b" * 64,
        "byte_count": 1234,
        "width": 800,
        "height": 800,
        "format": "jpeg",
        "upscaled_from": (128, 128),
        "label_id": "label_1",
    }
    return Rendition.model_validate({**usual, **fields})
