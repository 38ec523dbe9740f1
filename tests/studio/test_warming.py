"""A studio makes ready what all visitors share, so that the first one does not wait for it."""

from typing import NoReturn

import pytest

from catalog import Catalog, CatalogUnavailable
from studio.warming import begin_warming, make_ready
from tests.studio.visiting import Browser


def gone(*_: object) -> NoReturn:
    raise CatalogUnavailable


def test_the_first_visitor_finds_the_numbers_added_up(
    browser: Browser, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser()
    begin_warming(client.app).join()  # type: ignore[arg-type]  # the application that it was made with
    monkeypatch.setattr(catalog, "made", gone)
    monkeypatch.setattr(catalog, "all_rule_figures", gone)
    assert client.get("/").status_code == 200
    assert client.get("/rules").status_code == 200


def test_a_catalog_that_is_away_is_left_to_the_first_visitor(
    browser: Browser, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser()
    monkeypatch.setattr(catalog, "made", gone)
    make_ready(client.app)  # type: ignore[arg-type]  # the application that it was made with
    assert client.get("/").status_code == 503
