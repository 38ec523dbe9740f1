"""Where messages may be sent that go to addresses strangers chose: public ones, by https. Pure.

Names are not resolved here; whoever connects asks for the address that it really connects to.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from schemas.errors import AssetError, SettingsInvalid
from schemas.settings import WebhookSettings

Address = IPv4Address | IPv6Address

DENIED_V4 = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # for protocols; a cloud keeps its metadata there, and Python calls some of it global
        "192.88.99.0/24",  # relays into 6to4
        "168.63.129.16/32",  # the host of a virtual machine at Azure, though its address is public
    )
)
ROUTED_V6 = ip_network("2000::/3")
"""The only part of IPv6 that is handed out; the rest is local, mapped or reserved."""

DENIED_V6 = tuple(
    ip_network(text)
    for text in (
        "2002::/16",  # 6to4: carries an IPv4 address that Python's is_global does not look at
        "2001::/23",  # Teredo and other tunnels
        "2001:db8::/32",
        "3fff::/20",
    )
)


class EgressRefused(AssetError):
    """The address is not one that may be called from here."""

    status = 422


@dataclass(frozen=True)
class EgressPolicy:
    """What may be called: https on 443 and public addresses, unless a deployment says otherwise."""

    ports: Mapping[str, frozenset[int]]
    """Allowed ports by scheme; a scheme that is not there is refused."""
    permitted: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that may be called although they are not public, such as a company's own receivers."""

    def refuse_unless_allowed(self, address: Address) -> None:
        """Raise EgressRefused unless a connection to `address` may be made."""
        plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
        if any(plain in network for network in self.permitted if network.version == plain.version):
            return
        if plain is not address or not _public(address):
            raise EgressRefused(f"{address} is not a public address, so nothing is sent there.")

    def check(self, url: str) -> None:
        """Raise EgressRefused when `url` itself is not allowed, before anything is resolved."""
        parts, port = _split(url)
        allowed = self.ports.get(parts.scheme)
        if allowed is None:
            schemes = " or ".join(sorted(self.ports))
            raise EgressRefused(f"The address must begin with {schemes}://.")
        if parts.username is not None or parts.password is not None:
            raise EgressRefused("The address must not carry a user name or password.")
        host = parts.hostname or ""
        if not host or not (url.isascii() and url.isprintable()) or set(url) & set(" \\"):
            raise EgressRefused("The address names no host, or has characters that an address cannot have.")
        if (port or {"http": 80, "https": 443}.get(parts.scheme, 0)) not in allowed:
            ports = ", ".join(map(str, sorted(allowed)))
            raise EgressRefused(f"The address names a port that is not allowed; {ports} would be right.")
        written = _written_address(host)
        if written is not None:
            self.refuse_unless_allowed(written)


STRICT = EgressPolicy(ports={"https": frozenset({443})})


def egress_policy(settings: WebhookSettings) -> EgressPolicy:
    """Return where webhooks may go; raise SettingsInvalid for a network or port that is none."""
    try:
        ports = frozenset(int(port) for port in settings.ports.split(","))
        networks = tuple(ip_network(text.strip()) for text in settings.permit.split(",") if text.strip())
    except ValueError as error:
        raise SettingsInvalid(f"PACKSHOT_WEBHOOKS cannot be used: {error}.") from error
    schemes = {"https": ports} | ({"http": ports | {80}} if settings.plain_http else {})
    return EgressPolicy(ports=schemes, permitted=networks)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise EgressRefused("The address cannot be read; https://host/path would be right.") from error
    return parts, port


def _written_address(host: str) -> Address | None:
    """Return the address that a host is written as, in any spelling that resolvers take; None for a name."""
    if host == "localhost" or host.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    with suppress(ValueError):
        return ip_address(host.partition("%")[0])
    with suppress(OSError):
        return IPv4Address(socket.inet_aton(host))
    return None


def _public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        denied = any(address in network for network in DENIED_V4)
        return address.is_global and not address.is_multicast and not denied
    denied = any(address in network for network in DENIED_V6)
    return address in ROUTED_V6 and address.is_global and not denied
