"""No page of the studio reads a large table from end to end, on either database."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from benchmarks.studio import application
from benchmarks.studio_catalog import fill
from benchmarks.studio_pages import addresses, missing
from catalog import Catalog
from tests.catalog.explained import whole_reads

WHOLE = (
    "shots",
    "cards",
    "attempts",
    "tallies",
    "masters",
    "verdicts",
    "reviews",
    "renditions",
    "facets",
    "words",
    "forms",
    "specs",
    "spec_rules",
    "lot_members",
    "lot_pictures",
    "audit",
    "deliveries",
    "events",
)

BY_DESIGN = frozenset({"metrics"})
"""Sums over everything that there is, read from indexes alone, every five seconds at most."""


@pytest.fixture
def filled(catalog: Catalog, url: str) -> Catalog:
    """Some hundred shots with all that belongs to them."""
    fill(catalog, url, 200, say=lambda _: None)
    return catalog


def test_every_page_finds_its_rows_through_an_index(filled: Catalog, tmp_path: Path) -> None:
    client = TestClient(application(filled, tmp_path), base_url="https://127.0.0.1")
    pages = addresses(filled)
    assert missing(pages) == []

    def ask(address: str) -> None:
        answer = client.get(address, headers={"accept": "text/html", "accept-language": "en"})
        assert answer.status_code in (200, 303), f"{address} answered {answer.status_code}"

    asks = {
        name: lambda address=address: ask(address)  # type: ignore[misc]  # a default of a lambda
        for name, address in pages.items()
        if name not in BY_DESIGN
    }
    assert whole_reads(filled, asks, WHOLE) == {}
