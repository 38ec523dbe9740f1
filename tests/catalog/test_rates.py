"""What shots took lately is told from a bounded number of records."""

import pytest

from catalog import Catalog, rates
from schemas import Outcome, ShotType
from schemas.estimates import Measured
from tests.factories import a_form, a_spec, an_attempt


def made(catalog: Catalog, sku: str, *outcomes: Outcome) -> None:
    (shot,) = catalog.register("spring", [a_form(sku=sku, shots=(ShotType.SCENE,))])
    for number, outcome in enumerate(outcomes):
        catalog.record_attempt(an_attempt(shot, number, outcome), a_spec(), f"{sku} {number}".encode())


def test_nothing_is_known_before_anything_was_made(catalog: Catalog) -> None:
    assert catalog.measured() == Measured()


def test_retries_and_reviews_count(catalog: Catalog) -> None:
    made(catalog, "A", Outcome.ACCEPTED)
    made(catalog, "B", Outcome.REJECTED, Outcome.ACCEPTED)
    made(catalog, "C", Outcome.REJECTED, Outcome.REJECTED, Outcome.NEEDS_REVIEW)
    known = catalog.measured()
    assert (known.shots, known.pictures, known.reviews) == (3, 6, 1)
    assert known.device_seconds == pytest.approx(6 * 0.5)


def test_only_the_newest_count(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    made(catalog, "A", Outcome.NEEDS_REVIEW)
    made(catalog, "B", Outcome.ACCEPTED)
    monkeypatch.setattr(rates, "WINDOW", 1)
    assert (catalog.measured().shots, catalog.measured().reviews) == (1, 0)
