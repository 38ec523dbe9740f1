"""What an administrator does with webhook receivers, for the page and the API alike."""

import secrets
from base64 import b64encode

from catalog import Catalog, Endpoint, EventType, NotRegistered, RecordRefused
from schemas import Schema
from schemas.egress import EgressPolicy

SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""

OFFERED = tuple(kind for kind in EventType if kind is not EventType.WEBHOOK_TEST)
"""What a receiver may choose from; a test goes to the one that is tested whatever it chose."""

LONGEST_URL = 500


class NewSecret(Schema):
    """A receiver with the secret that messages to it are signed with; it is shown this once."""

    endpoint: Endpoint
    secret: str


def add(catalog: Catalog, policy: EgressPolicy, url: str, types: tuple[EventType, ...], by: str) -> NewSecret:
    """Add a receiver; raises EgressRefused for an address that may not be called, else RecordRefused."""
    policy.check(url)
    if not types:
        raise RecordRefused("Choose at least one event that the receiver is to hear of.", rule="no_events")
    if any(known.url == url for known in catalog.endpoints()):
        raise RecordRefused("There is a receiver at this address already.", rule="known_receiver")
    secret = new_secret()
    return NewSecret(endpoint=catalog.add_endpoint(url, secret, by, types), secret=secret)


def rotate(catalog: Catalog, endpoint_id: str, by: str) -> NewSecret:
    """Sign with a new secret from now on, and with the one before as well; raises NotRegistered."""
    secret = new_secret()
    return NewSecret(endpoint=catalog.rotate_secret(endpoint_id, secret, by), secret=secret)


def endpoint_of(catalog: Catalog, endpoint_id: str) -> Endpoint:
    """Return a receiver; raises NotRegistered."""
    for endpoint in catalog.endpoints():
        if endpoint.id == endpoint_id:
            return endpoint
    raise NotRegistered(f"There is no endpoint {endpoint_id[:80]}.")


def new_secret() -> str:
    """Make a secret as Standard Webhooks writes it."""
    return "whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
