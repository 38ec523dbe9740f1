"""Ids are derived from content: the same thing has the same id, and a changed thing another."""

from hypothesis import given
from hypothesis import strategies as st

from schemas import RenderJob, RenderResult, Variant, canonical_json, content_id, content_seed
from schemas.rendering import Provenance, Scores
from tests.factories import a_form, a_job, a_preset, a_shot, a_spec

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values))
def test_the_order_of_fields_does_not_matter(value: dict[str, object]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical_json(value) == canonical_json(backwards)


@given(json_values)
def test_a_seed_suits_every_generator(value: object) -> None:
    assert 0 <= content_seed(value) < 2**31


@given(json_values)
def test_an_id_is_short_and_says_its_kind(value: object) -> None:
    assert len(content_id("job", value)) == len("job_") + 24


def test_the_same_form_again_is_the_same_shot() -> None:
    assert a_shot().id == a_shot().id


def test_a_corrected_form_is_a_new_shot() -> None:
    assert a_shot(colour="blue").id != a_shot(colour="red").id


def test_each_campaign_has_shots_of_its_own() -> None:
    assert a_shot(campaign="spring").id != a_shot(campaign="autumn").id


def test_each_attempt_has_another_seed_and_job() -> None:
    jobs = [a_job(number) for number in range(20)]
    assert len({job.seed for job in jobs}) == len({job.id for job in jobs}) == 20


def test_urgency_does_not_change_which_picture_is_asked_for() -> None:
    assert a_job(priority=50, deadline_s=3).id == a_job().id


def test_base_is_asked_for_another_picture_than_turbo() -> None:
    assert a_job(variant=Variant.BASE).id != a_job(variant=Variant.TURBO).id


def test_the_trace_explains_a_prompt_and_does_not_change_it() -> None:
    assert a_spec(trace=()).fingerprint == a_spec().fingerprint
    assert a_spec(text="A blue mug.").fingerprint != a_spec().fingerprint


def test_a_form_survives_storage() -> None:
    form = a_form(title="红色马克杯", locale="zh")
    assert type(form).model_validate_json(form.model_dump_json()) == form


def test_a_job_survives_the_network() -> None:
    job = a_job(deadline_s=2.5)
    assert RenderJob.model_validate_json(job.model_dump_json()) == job


@given(st.binary(min_size=1))
def test_a_picture_survives_the_network(png: bytes) -> None:
    result = RenderResult(
        job_id="job_1",
        png=png,
        scores=Scores(claims=(), checks={"sharpness": 0.5}, p_accept=0.9, scorer="scorer_1"),
        provenance=Provenance(
            variant=Variant.TURBO,
            weights="0" * 64,
            preset=a_preset(),
            seed=1,
            shape_key="128x128",
            versions={"torch": "2"},
            device="cpu",
            device_seconds=0.1,
        ),
    )
    assert RenderResult.model_validate_json(result.model_dump_json()) == result
