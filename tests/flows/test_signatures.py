"""Webhook signatures, as the standard's own library reads them."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from flows.signatures import signed_headers
from schemas import SettingsInvalid

OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 64).decode()
OTHER = "whsec_" + base64.b64encode(b"x" * 32).decode()
BODY = '{"type":"shot.accepted","sku":"杯子"}'.encode()


def now() -> int:
    return int(time.time())


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))), st.binary(min_size=24, max_size=64))
def test_the_official_library_verifies_every_message(text: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = signed_headers((secret,), "evt_1", now(), text.encode())
    Webhook(secret).verify(text.encode(), headers, json_parse=False)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_keys_rotate_both_the_old_and_the_new_receiver_verify(secret: str) -> None:
    Webhook(secret).verify(BODY, signed_headers((NEW, OLD), "evt_1", now(), BODY))


@pytest.mark.parametrize(
    ("changed", "age"), [({"webhook-id": "evt_2"}, 0), ({}, 600), ({"webhook-timestamp": "1"}, 0)]
)
def test_a_relabelled_or_old_message_is_refused(changed: dict[str, str], age: int) -> None:
    headers = {**signed_headers((OLD,), "evt_1", now() - age, BODY), **changed}
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(BODY, headers)


def test_a_tampered_body_or_another_key_is_refused() -> None:
    headers = signed_headers((OLD,), "evt_1", now(), BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(BODY, headers)


@pytest.mark.parametrize(
    "secret",
    ["", "hunter2", "whsec_", "whsec_!!!!", OLD[6:], "whsec_" + base64.b64encode(b"s" * 23).decode()],
)
def test_a_secret_of_the_wrong_shape_is_named_without_repeating_it(secret: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        signed_headers((secret,), "evt_1", 0, b"")
    assert len(secret) < 8 or secret not in refused.value.message
