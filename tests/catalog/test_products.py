"""Products by their SKU: earlier forms to copy from, and how their shots stand."""

import pytest

from catalog import Catalog, NotRegistered, ShotState
from schemas import Outcome, ShotType, Variant
from tests.factories import a_form, a_rendition, a_spec, an_attempt

BOTH = (ShotType.WHITE_MAIN, ShotType.SCENE)


def test_the_newest_form_of_a_sku_is_copied(catalog: Catalog) -> None:
    catalog.register("spring", [a_form(colour="red")])
    catalog.register("summer", [a_form(colour="blue")])
    assert catalog.newest_form("MUG-RED-01").colour == "blue"
    with pytest.raises(NotRegistered, match="MUG-RED-02"):
        catalog.newest_form("MUG-RED-02")


def test_skus_are_found_by_how_they_begin(catalog: Catalog) -> None:
    names = ("A", "AB-1", "AB-2", "AB_3", "AB.zZ9", "ABC", "B", "ab-1")
    catalog.register("spring", [a_form(sku=name, shots=(ShotType.SCENE,)) for name in names])
    assert set(catalog.skus_from("AB")) == {"AB-1", "AB-2", "AB_3", "AB.zZ9", "ABC"}
    assert set(catalog.skus_from("")) == set(names)
    assert len(catalog.skus_from("AB", 2)) == 2
    assert catalog.skus_from("X") == catalog.skus_from("%") == ()


def test_campaigns_that_take_forms_are_named(catalog: Catalog) -> None:
    for name in ("one", "two", "three"):
        catalog.register(name, [a_form()])
    catalog.cancel("two", "ann")
    catalog.pause("one", "ann")
    assert catalog.open_campaigns() == ("three", "one")
    assert catalog.open_campaigns(1) == ("three",)


def test_a_product_tells_the_story_of_its_shots(catalog: Catalog) -> None:
    white, scene = catalog.register("spring", [a_form(shots=BOTH)])
    catalog.register("spring", [a_form(sku="OTHER")])
    catalog.register("summer", [a_form(shots=BOTH)])
    catalog.record_attempt(an_attempt(white, 0, Outcome.REJECTED), a_spec(), b"one")
    catalog.record_attempt(an_attempt(white, 1, variant=Variant.BASE), a_spec(), b"two")
    master = catalog.master_of(white.id)
    catalog.record_renditions([a_rendition(master)])
    first, second = catalog.product_shots("spring", "MUG-RED-01")
    assert (first.id, first.state, first.master, first.files) == (
        white.id, ShotState.ACCEPTED, master.picture, 1,
    )  # fmt: skip
    assert [(one.number, one.variant, one.outcome, one.p_accept) for one in first.tries] == [
        (0, Variant.TURBO, Outcome.REJECTED, 0.97),
        (1, Variant.BASE, Outcome.ACCEPTED, 0.97),
    ]
    assert (second.id, second.tries, second.master, second.leased) == (scene.id, (), None, False)


def test_a_shot_that_somebody_works_at_is_told(catalog: Catalog) -> None:
    catalog.register("spring", [a_form(shots=(ShotType.SCENE,))])
    leases = catalog.claim("spring", "worker", 1)
    (shot,) = catalog.product_shots("spring", "MUG-RED-01")
    assert shot.leased
    catalog.release(leases)
    (shot,) = catalog.product_shots("spring", "MUG-RED-01")
    assert not shot.leased


def test_a_changed_form_comes_after_the_earlier_one(catalog: Catalog) -> None:
    old, new = (a_form(colour=colour, shots=(ShotType.SCENE,)) for colour in ("red", "blue"))
    catalog.register("spring", [old])
    catalog.register("spring", [new])
    told = catalog.product_shots("spring", new.sku)
    assert [shot.form for shot in told] == [old.fingerprint, new.fingerprint]
    assert catalog.product_form("spring", new.sku) == new


@pytest.mark.parametrize(("campaign", "sku"), [("spring", "OTHER"), ("nowhere", "MUG-RED-01")])
def test_an_unknown_product_is_named(catalog: Catalog, campaign: str, sku: str) -> None:
    catalog.register("spring", [a_form()])
    with pytest.raises(NotRegistered):
        catalog.product_shots(campaign, sku)
    with pytest.raises(NotRegistered):
        catalog.product_form(campaign, sku)
