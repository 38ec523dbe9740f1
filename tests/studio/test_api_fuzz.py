"""The API does exactly what its description says, for requests of every kind that schemathesis thinks of.

The quick walk makes some 200 requests; the long one (`-m slow`) at least 5,000 with every check.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth, positive_data_acceptance
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi import from_dict
from schemathesis.python.asgi import ASGIClient, get_client
from starlette.testclient import TestClient

from catalog import Catalog
from schemas import Role
from studio.accounts import CatalogAccounts
from studio.visitors import Door
from tests.factories import a_form, a_spec, an_attempt
from tests.studio.visiting import HOST, Browser, quick_passwords

QUICK, LONG = 200, 5000

# Requests without a key are the matter of test_policies, which asks every route; here the key goes along by hand.
# A form that fits the schema may still name a colour that no rule knows, which is answered 422 by design; all
# other checks are on.

SLOW_OR_ENDLESS = ("/api/rules/try", "events", "/reproduce")
"""A child process each time, or a stream that goes on; both have tests of their own."""


@pytest.fixture
def fuzzed(browser: Browser, catalog: Catalog) -> Iterator[TestClient]:
    """A studio with a campaign, people, keys and receivers, for a program with an administrator's key."""
    for shot in catalog.register("spring", [a_form()]):
        catalog.record_attempt(an_attempt(shot), a_spec(), b"\x89PNG picture")
    catalog.put_user("ann", Role.ADMIN, "test")
    catalog.add_endpoint("https://shop.example.com/hook", "whsec_1", "test")
    client = browser(Door.USERS, accounts=CatalogAccounts(catalog, quick_passwords()))
    secret = catalog.issue_key("robot", Role.ADMIN, "test").secret
    client.headers.update({"authorization": f"Bearer {secret}", "accept": "application/json"})
    with client:
        yield client


def walk(client: TestClient, requests: int) -> tuple[int, list[str]]:
    """Make about `requests` requests over all operations; return how many, and what did not fit."""
    document = client.get("/openapi.json").json()
    document["servers"] = [{"url": f"https://{HOST}"}]
    schema = from_dict(document)
    schema.app = client.app
    operations = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]  # ours has no broken ones
    chosen = [one for one in operations if not any(part in one.path for part in SLOW_OR_ENDLESS)]
    each = -(-requests // (2 * len(chosen)))
    made, wrong = 0, []
    key = {"authorization": client.headers["authorization"]}
    with get_client(client.app) as program:  # type: ignore[arg-type]  # both are ASGI
        for operation in chosen:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                try:
                    made += _tried(program, key, operation, mode, each)
                except FailureGroup as failures:
                    wrong.append(f"{operation.label} {mode.value}: {failures.exceptions[0]}")
    return made, wrong


def _tried(
    program: ASGIClient,
    key: dict[str, str],
    operation: Any,
    mode: GenerationMode,
    most: int,
) -> int:
    made = 0

    @settings(
        max_examples=most, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=st.data())
    def try_one(data: st.DataObject) -> None:
        nonlocal made
        case = data.draw(operation.as_strategy(generation_mode=mode))
        made += 1
        case.call_and_validate(
            session=program,
            headers=key,
            base_url=f"https://{HOST}",
            excluded_checks=[positive_data_acceptance, ignored_auth],
        )

    with suppress(Unsatisfiable):
        # An operation without parameters has nothing to be wrong.
        try_one()
    return made


def test_a_few_requests_of_every_kind_are_answered_as_described(fuzzed: TestClient) -> None:
    made, wrong = walk(fuzzed, QUICK)
    assert not wrong, "\n\n".join(wrong)
    assert made >= QUICK / 2


@pytest.mark.slow
def test_five_thousand_requests_are_answered_as_described(fuzzed: TestClient) -> None:
    made, wrong = walk(fuzzed, 2 * LONG)
    assert not wrong, "\n\n".join(wrong)
    assert made >= LONG
