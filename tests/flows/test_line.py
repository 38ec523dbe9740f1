"""One shot on the line: attempts, fallback, review, exports, and going on where it stopped."""

from collections.abc import Callable

import pytest

from flows.line import due, satisfy
from flows.outcomes import Ending
from flows.services import Services, reach_of
from schemas import RenderJob, Shot, ShotType, Variant, settings_from
from tests.factories import a_form
from zimage_core.errors import CoreBusy, OutOfMemory
from zimage_core.renditions import AiSystem, default_recipes, generation_size, read_label

Build = Callable[..., Services]


def registered(services: Services, **fields: object) -> tuple[Shot, ...]:
    return services.records.catalog.register("spring", [a_form(**fields)])


def asked(services: Services) -> list[RenderJob]:
    return services.core.jobs  # type: ignore[attr-defined]  # the fake keeps what it was asked


def test_a_good_first_picture_is_accepted_and_exported_for_every_channel(services_around: Build) -> None:
    services = services_around()
    (shot, _) = registered(services)
    outcome = satisfy(shot, services)
    assert (outcome.outcome, outcome.variant, outcome.attempts) == (Ending.ACCEPTED, Variant.TURBO, 1)
    channels = {made.slot.split("_")[0] for made in services.records.catalog.renditions_of(shot.id)}
    assert channels == {"taobao", "amazon"}
    files = [path for path in services.records.exports.rglob("*") if path.is_file()]
    assert len(files) == outcome.renditions > 1


def test_every_file_says_which_model_made_it(services_around: Build) -> None:
    services = services_around(lambda job: 0.95 if job.preset.variant is Variant.BASE else 0.3)
    (shot, _) = registered(services)
    satisfy(shot, services)
    weights = services.records.catalog.attempts_of(shot.id)[-1].provenance.weights  # type: ignore[union-attr]  # made
    files = [path.read_bytes() for path in services.records.exports.rglob("*") if path.is_file()]
    assert {read_label(file).system for file in files} == {AiSystem("Z-Image", weights[:12])}


def test_a_weak_picture_gets_another_seed_and_then_base(services_around: Build) -> None:
    services = services_around(lambda job: 0.95 if job.preset.variant is Variant.BASE else 0.3)
    (shot, _) = registered(services)
    outcome = satisfy(shot, services)
    assert (outcome.outcome, outcome.variant) == (Ending.ACCEPTED, Variant.BASE)
    assert [job.preset.variant for job in asked(services)] == [Variant.TURBO, Variant.TURBO, Variant.BASE]
    assert len({job.seed for job in asked(services)}) == 3


def test_a_picture_that_never_passes_waits_for_a_person(services_around: Build) -> None:
    services = services_around(lambda _: 0.2)
    (shot, _) = registered(services)
    outcome = satisfy(shot, services)
    assert (outcome.outcome, outcome.attempts, outcome.renditions) == (Ending.NEEDS_REVIEW, 3, 0)
    assert outcome.gaps
    assert shot.id not in {waiting.id for waiting in due("spring", services.records)}


def test_a_finished_shot_is_not_made_twice(services_around: Build) -> None:
    services = services_around()
    (shot, _) = registered(services)
    satisfy(shot, services)
    again = satisfy(shot, services)
    assert (again.attempts, again.renditions, len(asked(services))) == (0, 0, 1)


def test_what_was_made_before_a_busy_core_is_kept(services_around: Build) -> None:
    def busy_at_the_second(job: RenderJob) -> float:
        if len(core_jobs) >= 1:
            raise CoreBusy
        core_jobs.append(job)
        return 0.2

    core_jobs: list[RenderJob] = []
    services = services_around(busy_at_the_second)
    (shot, _) = registered(services)
    with pytest.raises(CoreBusy):
        satisfy(shot, services)
    assert [attempt.number for attempt in services.records.catalog.attempts_of(shot.id)] == [0]


def test_a_picture_that_cannot_be_made_is_recorded_with_its_reason(services_around: Build) -> None:
    def too_large_for_turbo(job: RenderJob) -> float:
        if job.preset.variant is Variant.TURBO:
            raise OutOfMemory
        return 0.95

    services = services_around(too_large_for_turbo)
    (shot, _) = registered(services)
    outcome = satisfy(shot, services)
    attempts = services.records.catalog.attempts_of(shot.id)
    assert outcome.outcome is Ending.ACCEPTED
    assert [attempt.failure.code if attempt.failure else "" for attempt in attempts] == [
        "out_of_memory",
        "out_of_memory",
        "",
    ]


def test_a_lost_file_record_makes_the_shot_due_again(services_around: Build) -> None:
    """A crash between the accepted picture and its files leaves the shot due, and only its files are made."""
    services = services_around()
    (shot, other) = registered(services)
    satisfy(other, services)
    assert [waiting.id for waiting in due("spring", services.records)] == [shot.id]


def test_a_shot_is_generated_at_the_largest_size_its_slots_need_and_the_model_does_well() -> None:
    slots = default_recipes().for_shot(("amazon",), ShotType.WHITE_MAIN)
    needed = max(spec.width for spec in slots)
    released = settings_from({"PACKSHOT_CORE__TURBO": "Tongyi-MAI/Z-Image-Turbo"})
    width, height = generation_size(slots, reach_of(released))
    assert (width, height) == (min(2048, -(-needed // 16) * 16),) * 2
    thrifty = settings_from(
        {"PACKSHOT_CORE__TURBO": "Tongyi-MAI/Z-Image-Turbo", "PACKSHOT_RECIPES__LARGEST_SIDE": "1024"}
    )
    assert generation_size(slots, reach_of(thrifty)) == (1024, 1024)
    assert generation_size(slots, reach_of(settings_from({}))) == (128, 128)
