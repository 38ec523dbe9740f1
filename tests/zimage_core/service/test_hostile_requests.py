"""Whatever is sent, the answer is a picture or one sentence; never a failure of the core, never a traceback."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import a_claim, a_job
from tests.zimage_core.service.served import an_app, an_engine, running

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.sampled_from(["", "turbo", "\x00", "9" * 400]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)

GOOD: dict[str, dict[str, Any]] = {
    "/v1/renders": a_job().model_dump(mode="json"),
    "/v1/images/generations": {
        "prompt": "a mug",
        "n": 1,
        "size": "128x128",
        "model": "turbo",
        "response_format": "url",
        "seed": 1,
        "priority": 0,
        "deadline_ms": 1000,
        "negative_prompt": "",
    },
    "/v1/scores": {"picture": "aGVsbG8=", "claims": [a_claim().model_dump()]},
}

METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])


@pytest.fixture(scope="module")
def service() -> Iterator[TestClient]:
    engine = an_engine(queue_limit=64)
    with running(engine):
        yield an_app(engine)


def calm(answer: Any) -> None:
    assert answer.status_code < 500, (answer.status_code, answer.text)
    assert "Traceback" not in answer.text
    if answer.status_code >= 400 and answer.content:
        body = answer.json()
        sentence = body["error"]["message"] if "error" in body else body["message"]
        assert sentence
        assert "\n" not in sentence


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A good body with one field, perhaps a nested one, replaced, dropped or added."""
    path = draw(st.sampled_from(sorted(GOOD)))
    body = json.loads(json.dumps(GOOD[path]))
    place = body["preset"] if "preset" in body and draw(st.booleans()) else body
    field = draw(st.one_of(st.sampled_from(sorted(place)), st.text(max_size=10)))
    if draw(st.booleans()):
        place[field] = draw(VALUES)
    else:
        place.pop(field, None)
    return path, body


@given(changed())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_body_with_something_wrong_in_it_is_answered(
    service: TestClient, sent: tuple[str, dict[str, Any]]
) -> None:
    path, body = sent
    calm(service.post(path, content=json.dumps(body).encode()))


@given(
    st.sampled_from(sorted(GOOD)),
    st.one_of(st.binary(), VALUES.map(lambda value: json.dumps(value).encode())),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_body_that_is_anything_is_answered(service: TestClient, path: str, body: bytes) -> None:
    calm(service.post(path, content=body))


SEGMENTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30)


@given(METHODS, st.sampled_from(["", "v1/", "v1/renders/", "v1/files/", "v1/models/", "health/"]), SEGMENTS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_address_is_answered(service: TestClient, method: str, start: str, rest: str) -> None:
    calm(service.request(method, f"/{start}", params={"q": rest}))

    calm(service.request(method, f"/{start}{quote(rest, safe='')}"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"seed": ' + b"9" * 100_000 + b"}",
        b'{"seed": 1e400, "prompt": "x"}',
        b'{"prompt": "' + b"\\u0000" * 10_000 + b'"}',
        b"\xff\xfe{\x00}\x00",
    ],
    ids=["deep list", "deep map", "long number", "huge number", "many NUL", "UTF-16"],
)
@pytest.mark.parametrize("path", sorted(GOOD))
def test_bombs_are_answered_at_once(service: TestClient, path: str, body: bytes) -> None:
    answer = service.post(path, content=body)
    calm(answer)
    assert 400 <= answer.status_code < 500
    assert len(answer.content) < 10_000
