"""Each attempt on the line is compiled for itself, so that candidates differ, and its tables are kept."""

from collections.abc import Callable

from flows.line import satisfy
from flows.services import Services
from prompt_rules import RuleTables, compile_prompt
from tests.factories import a_form

Build = Callable[..., Services]


def prompts(services: Services, **fields: object) -> list[str]:
    form = a_form(shots=("scene",), material=None, background=None, **fields)
    (shot,) = services.records.catalog.register("spring", [form])
    satisfy(shot, services)
    return [job.prompt for job in services.core.jobs]  # type: ignore[attr-defined]  # the fake keeps them


def test_weak_pictures_are_tried_again_in_other_words(services_around: Build) -> None:
    assert len(set(prompts(services_around(lambda _: 0.2), category="serum"))) == 3


def test_a_practice_product_is_tried_again_in_the_same_words(services_around: Build) -> None:
    asked = prompts(services_around(lambda _: 0.2))
    assert len(asked) == 3
    assert len(set(asked)) == 1


def test_a_prompt_of_the_line_is_made_again_from_the_tables_it_kept(services_around: Build) -> None:
    services = services_around()
    prompts(services, category="serum")
    (history,) = services.records.catalog.shot_histories("spring")
    assert history.spec
    kept = RuleTables.from_text(services.records.catalog.tables(history.spec.tables))
    assert compile_prompt(history.shot.form, history.shot.shot_type, kept) == history.spec
