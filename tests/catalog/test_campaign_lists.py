"""Campaigns are listed a page at a time, and their results in portions of any length."""

import pytest

from catalog import CampaignState, Catalog, NotRegistered, ShotState
from schemas import Outcome, Variant
from tests.factories import a_form, a_rendition, a_spec, an_attempt

MUG = a_form(shots=("white_main", "scene"))


def test_a_page_holds_the_newest_and_knows_how_many_there_are(catalog: Catalog) -> None:
    for number in range(5):
        catalog.submit(f"drop-{number}", [MUG])
    page = catalog.campaign_page(size=2)
    assert ([line.campaign.name for line in page.lines], page.total) == (["drop-4", "drop-3"], 5)
    page = catalog.campaign_page(start=4, size=2)
    assert [line.campaign.name for line in page.lines] == ["drop-0"]
    assert page.lines[0].states == {ShotState.UNFINISHED: 2}
    assert (page.lines[0].shots, page.lines[0].decided) == (2, 0)


def test_campaigns_are_found_by_part_of_their_name_and_by_state(catalog: Catalog) -> None:
    catalog.submit("Spring_sale", [MUG])
    catalog.submit("springXsale", [MUG])
    catalog.submit("autumn", [MUG])
    catalog.cancel("autumn", "ada")
    names = [line.campaign.name for line in catalog.campaign_page("SPRING_").lines]
    assert names == ["Spring_sale"]
    assert catalog.campaign_page(state=CampaignState.CANCELLED).total == 1
    assert catalog.campaign_page("%").total == 0
    assert catalog.campaign_page(finished=True).total == 0
    assert catalog.campaign_page(finished=False).total == 3


def test_results_come_in_portions_with_score_variant_and_files(catalog: Catalog) -> None:
    first, second = catalog.register("spring", [MUG])
    catalog.record_attempt(an_attempt(first, 0, Outcome.REJECTED), a_spec(), b"1")
    catalog.record_attempt(an_attempt(first, 1, variant=Variant.BASE), a_spec(), b"2")
    master = catalog.master_of(first.id)
    catalog.record_renditions([a_rendition(master)])
    (one,) = catalog.results("spring", limit=1)
    assert (one.sku, one.state, one.attempts, one.variant) == (
        "MUG-RED-01",
        ShotState.ACCEPTED,
        2,
        Variant.BASE,
    )
    assert (one.score, one.files) == (0.97, ("MUG-RED-01_taobao_main.jpg",))
    (two,) = catalog.results("spring", after=one.position)
    assert (two.shot_id, two.score, two.attempts, two.variant, two.files) == (second.id, None, 0, None, ())
    assert catalog.results("spring", after=two.position) == ()
    with pytest.raises(NotRegistered):
        catalog.results("autumn")


def test_stock_is_gathered_by_product(catalog: Catalog) -> None:
    shots = catalog.register("spring", [a_form(sku="B"), a_form(sku="A")])
    catalog.record_attempt(an_attempt(shots[0]), a_spec(), b"1")
    listed = catalog.shots_by_sku("spring")
    assert [sku for sku, _ in listed] == ["A", "A", "B", "B"]
    stock = catalog.stock([shot_id for _, shot_id in listed])
    assert [one.shot.id for one in stock] == [shot_id for _, shot_id in listed]
    assert [one.master is not None for one in stock] == [False, False, True, False]
    assert catalog.stock(["shot_unknown"]) == ()
