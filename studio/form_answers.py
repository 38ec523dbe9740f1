"""What programs are told of forms: a receipt, a preview, and the state of a product's shots."""

from datetime import datetime
from typing import Self

from prompt_rules.rules import Level
from schemas import Locale, Outcome, ProductForm, Schema, ShotType, Variant
from schemas.estimates import Estimate
from studio.desk import Desk
from studio.field_faults import FieldFault, Wrong
from studio.language import words
from studio.previews import Preview, ShotPreview, preview
from studio.product_watch import Product
from studio.progress import ProductProgress, ShotProgress, Stage
from studio.submissions import Submitted, faults_of_values


class OrderedShot(Schema):
    """A shot that a form asks for."""

    id: str
    shot_type: ShotType


class FormReceipt(Schema):
    """A form was kept; `new` counts its shots that were not known before."""

    campaign: str
    sku: str
    shots: tuple[OrderedShot, ...]
    new: int
    page: str
    """Path of the page where people watch it."""
    run_page: str
    """Address of its run in Prefect; empty when Prefect could not be told and the sweep will find it."""

    @classmethod
    def of(cls, kept: Submitted) -> Self:
        """Tell of what was submitted."""
        shots = tuple(OrderedShot(id=shot.id, shot_type=shot.shot_type) for shot in kept.shots)
        return cls(
            campaign=kept.campaign,
            sku=kept.sku,
            shots=shots,
            new=kept.new,
            page=kept.page,
            run_page=kept.run_page,
        )


class FieldProblem(Schema):
    """What is wrong with a field, by kind for programs and in a sentence."""

    field: str
    kind: Wrong
    problem: str

    @classmethod
    def of(cls, fault: FieldFault) -> Self:
        """Say a fault in English."""
        return cls(field=fault.field, kind=fault.kind, problem=fault.sentence(words(Locale.EN)))


class FoundWord(Schema):
    """A word that advertising law refuses or that a person has to clear, and what to write instead."""

    field: str
    text: str
    term: str
    level: Level
    instead: str
    without: str
    """The text without the word."""


class ExpectedPart(Schema):
    """A stretch of the prompt and the rule that wrote it; a separator has none."""

    words: str
    rule: str


class ExpectedClaim(Schema):
    """Something that must be seen, and what it must not be mistaken for."""

    kind: str
    value: str
    rivals: tuple[str, ...]


class ExpectedFile(Schema):
    """A file that will be made."""

    channel: str
    slot: str
    width: int
    height: int
    format: str


class ExpectedShot(Schema):
    """One shot as it would be made; without a prompt `problem` says why it cannot be."""

    shot_type: ShotType
    prompt: str
    negative: str
    parts: tuple[ExpectedPart, ...]
    claims: tuple[ExpectedClaim, ...]
    files: tuple[ExpectedFile, ...]
    problem: FieldProblem | None


class FormPreview(Schema):
    """What a form would come to."""

    can_be_made: bool
    problems: tuple[FieldProblem, ...]
    words: tuple[FoundWord, ...]
    shots: tuple[ExpectedShot, ...]
    estimate: Estimate | None


class TriedPicture(Schema):
    """One attempt."""

    number: int
    variant: Variant
    made_at: datetime
    picture: str | None
    p_accept: float | None
    outcome: Outcome | None
    failure: str | None


class ShotStanding(Schema):
    """How one shot stands."""

    id: str
    shot_type: ShotType
    stage: Stage
    attempts: tuple[TriedPicture, ...]
    picture: str | None
    """SHA-256 of the accepted picture, for /pictures/{sha256}."""
    files: int
    files_wanted: int


class ProductState(Schema):
    """How the shots of a product's latest form stand; `final` when nothing more happens by itself."""

    campaign: str
    sku: str
    final: bool
    shots: tuple[ShotStanding, ...]
    earlier_shots: int
    run_page: str


def preview_of(desk: Desk, form: ProductForm) -> FormPreview:
    """Compile and estimate `form` as the page does."""
    tables = desk.tables
    strange = faults_of_values(form, desk, tables)
    if strange:
        told = tuple(map(FieldProblem.of, strange))
        return FormPreview(can_be_made=False, problems=told, words=(), shots=(), estimate=None)
    made = preview(form, tables, desk.recipes)
    return FormPreview(
        can_be_made=not made.faults,
        problems=tuple(map(FieldProblem.of, made.faults)),
        words=_found(made),
        shots=tuple(_expected(shot) for shot in made.shots),
        estimate=made.estimate(desk.catalog.measured(), desk.settings.costs),
    )


def _found(made: Preview) -> tuple[FoundWord, ...]:
    return tuple(
        FoundWord(
            field=one.field,
            text=one.text,
            term=one.term,
            level=one.level,
            instead=one.en_fix,
            without=one.without,
        )
        for one in made.findings
    )


def _expected(shot: ShotPreview) -> ExpectedShot:
    spec = shot.told.spec if shot.told else None
    return ExpectedShot(
        shot_type=shot.shot,
        prompt=spec.text if spec else "",
        negative=spec.negative if spec else "",
        parts=tuple(ExpectedPart(words=p.words, rule=p.rule) for p in shot.told.parts) if shot.told else (),
        claims=tuple(
            ExpectedClaim(
                kind=claim.kind,
                value=claim.truth.value,
                rivals=tuple(rival.value for rival in claim.distractors),
            )
            for claim in (spec.claims if spec else ())
        ),
        files=tuple(
            ExpectedFile(
                channel=one.channel, slot=one.slot, width=one.width, height=one.height, format=one.format
            )
            for one in shot.files
        ),
        problem=FieldProblem.of(shot.fault) if shot.fault else None,
    )


def state_of(desk: Desk, product: Product, progress: ProductProgress) -> ProductState:
    """Tell how a product stands."""
    return ProductState(
        campaign=product.campaign,
        sku=product.sku,
        final=progress.final,
        shots=tuple(_standing(one) for one in progress.shots),
        earlier_shots=progress.earlier,
        run_page=desk.nudge.run_page(*product),
    )


def _standing(one: ShotProgress) -> ShotStanding:
    return ShotStanding(
        id=one.shot.id,
        shot_type=one.shot.shot_type,
        stage=one.stage,
        attempts=tuple(TriedPicture.model_validate(each.model_dump()) for each in one.shot.tries),
        picture=one.shot.master,
        files=one.shot.files,
        files_wanted=one.files_wanted,
    )
