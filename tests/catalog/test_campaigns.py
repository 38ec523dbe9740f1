"""A campaign is registered once, and knows what it still wants."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog import Catalog, NotRegistered
from schemas import Outcome, ShotType, Variant, shots_of
from tests.factories import a_form, a_rendition, a_spec, an_attempt

MUG = a_form()
VASE = a_form(sku="VASE-01", title="花瓶", category="vase", shots=("white_main",), locale="zh")


def test_every_shot_of_the_forms_is_registered_in_their_order(catalog: Catalog) -> None:
    shots = catalog.register("spring", [VASE, MUG])
    assert shots == shots_of("spring", VASE) + shots_of("spring", MUG)
    assert catalog.unfinished("spring") == shots


def test_the_same_file_again_makes_no_new_shot(catalog: Catalog) -> None:
    first = catalog.register("spring", [MUG, VASE])
    assert catalog.register("spring", [MUG, VASE, MUG]) == first
    assert catalog.campaign_summary("spring").shots == 3


def test_a_changed_form_makes_new_shots_behind_the_old_ones(catalog: Catalog) -> None:
    old = catalog.register("spring", [MUG])
    new = catalog.register("spring", [MUG.model_copy(update={"title": "Redder mug"})])
    assert catalog.unfinished("spring") == old + new


def test_campaigns_share_a_form_but_not_its_shots(catalog: Catalog) -> None:
    spring = catalog.register("spring", [MUG])
    catalog.register("summer", [MUG])
    catalog.record_attempt(an_attempt(spring[0]), a_spec(), b"picture")
    assert len(catalog.unfinished("spring")) == 1
    assert len(catalog.unfinished("summer")) == 2


def test_a_shot_is_found_by_its_id(catalog: Catalog) -> None:
    (shot,) = catalog.register("spring", [VASE])
    assert catalog.shot(shot.id) == shot


def test_an_unknown_campaign_or_shot_is_named(catalog: Catalog) -> None:
    with pytest.raises(NotRegistered, match="autumn"):
        catalog.unfinished("autumn")
    with pytest.raises(NotRegistered, match="autumn"):
        catalog.campaign_summary("autumn")
    with pytest.raises(NotRegistered, match="shot_0"):
        catalog.shot("shot_0")
    with pytest.raises(NotRegistered, match="shot_0"):
        catalog.attempts_of("shot_0")
    with pytest.raises(NotRegistered, match="shot_0"):
        catalog.renditions_of("shot_0")


def test_eight_clerks_registering_at_once_make_each_shot_once(catalog: Catalog) -> None:
    forms = [a_form(sku=f"MUG-{number}") for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        orders = [forms[turn:] + forms[:turn] for turn in range(8)]
        told = list(pool.map(lambda order: catalog.register("spring", order), orders))
    assert len({shot.id for shots in told for shot in shots}) == 40
    assert len(catalog.unfinished("spring")) == 40


def test_the_summary_tells_how_every_shot_ended(catalog: Catalog) -> None:
    shots = catalog.register("spring", [MUG, VASE, a_form(sku="MUG-2", shots=(ShotType.DETAIL,))])
    turbo, base, review, _ = shots
    catalog.record_attempt(an_attempt(turbo), a_spec(), b"good")
    catalog.record_attempt(an_attempt(base, 0, Outcome.REJECTED), a_spec(), b"weak")
    catalog.record_attempt(an_attempt(base, 1, variant=Variant.BASE), a_spec(), b"better")
    catalog.record_attempt(an_attempt(review, 0, Outcome.NEEDS_REVIEW), a_spec(), b"odd")
    catalog.record_renditions([a_rendition(catalog.master_of(turbo.id))])

    summary = catalog.campaign_summary("spring")

    assert (summary.shots, summary.attempts, summary.renditions) == (4, 4, 1)
    assert (summary.accepted_turbo, summary.saved_by_base) == (1, 1)
    assert (summary.needs_review, summary.unfinished) == (1, 1)


def test_a_shots_history_tells_everything_about_it(catalog: Catalog) -> None:
    shots = catalog.register("spring", [MUG, VASE])
    weak = catalog.record_attempt(an_attempt(shots[0], 0, Outcome.REJECTED), a_spec(), b"weak")
    good = catalog.record_attempt(an_attempt(shots[0], 1), a_spec(), b"good")
    master = catalog.master_of(shots[0].id)
    files = [a_rendition(master, "taobao_main"), a_rendition(master, "amazon_main", upscaled_from=None)]
    catalog.record_renditions(files)

    told, untouched, _ = catalog.shot_histories("spring")

    assert (told.shot, told.spec, told.attempts) == (shots[0], a_spec(), (weak, good))
    assert (told.master, told.renditions) == (master, (files[1], files[0]))
    assert (untouched.spec, untouched.attempts, untouched.master) == (None, (), None)


def test_a_history_keeps_the_rules_that_made_each_prompt(catalog: Catalog) -> None:
    first, second = catalog.register("spring", [MUG])
    renamed = a_spec().trace[0].model_copy(update={"rule": "colour.scarlet"})
    later = a_spec(trace=(renamed,), tables="tables_111111111111111111111111")
    assert later.fingerprint == a_spec().fingerprint
    catalog.record_attempt(an_attempt(first), a_spec(), b"one")
    catalog.record_attempt(an_attempt(second), later, b"two")
    assert [told.spec for told in catalog.shot_histories("spring")] == [a_spec(), later]


def test_what_is_left_of_a_campaign_is_counted_by_itself(catalog: Catalog) -> None:
    catalog.register("spring", [a_form()])
    catalog.claim("spring", "a worker", 1)
    work, summary = catalog.campaign_work("spring"), catalog.campaign_summary("spring")
    assert (work.unfinished, work.leased) == (summary.unfinished, summary.leased) == (2, 1)
    with pytest.raises(NotRegistered):
        catalog.campaign_work("autumn")
