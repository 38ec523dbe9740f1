"""Opening the certificate and key that files are signed with, and naming what is wrong with them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from schemas import SettingsInvalid
from schemas.settings import SigningSettings
from zimage_core.renditions.signing import Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
LEAST_RSA_BITS = 2048


def signer_from(settings: SigningSettings) -> Signer | None:
    """Open what the settings name, None when they name no certificate.

    Raises SettingsInvalid naming the setting: an unreadable file, a certificate that has expired or may
    not sign, a key that is not the certificate's or needs a password.
    """
    if settings.certificate is None and settings.key is None:
        return None
    if settings.certificate is None or settings.key is None:
        lacking = "CERTIFICATE" if settings.certificate is None else "KEY"
        raise SettingsInvalid(
            f"PACKSHOT_SIGNING__{lacking} is missing; a certificate and its key sign together."
        )
    password = settings.key_password.get_secret_value() if settings.key_password else None
    return open_signer(settings.certificate, settings.key, password, settings.tsa)


def open_signer(certificate: Path, key: Path, password: str | None = None, tsa: str | None = None) -> Signer:
    """Return the signer of two PEM files; raises SettingsInvalid as `signer_from` does."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        raise SettingsInvalid(
            "Signing needs c2pa-python and cryptography; install packshot[c2pa]."
        ) from error
    chain_pem, key_pem = _read(certificate, "CERTIFICATE"), _read(key, "KEY")
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise SettingsInvalid(
            f"PACKSHOT_SIGNING__CERTIFICATE: {certificate.name} holds no PEM certificate."
        ) from error
    try:
        private = serialization.load_pem_private_key(key_pem, password.encode() if password else None)
    except (ValueError, TypeError) as error:
        raise SettingsInvalid(
            f"PACKSHOT_SIGNING__KEY: {key.name} holds no PEM key that opens "
            f"{'with' if password else 'without'} PACKSHOT_SIGNING__KEY_PASSWORD."
        ) from error
    _check(chain, private, certificate.name, datetime.now(UTC))
    return Signer(
        certificates=b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain),
        key=private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        algorithm=_algorithm(private),
        name=chain[0].subject.rfc4514_string(),
        tsa=tsa,
    )


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(
            f"PACKSHOT_SIGNING__{setting}: {path.name} cannot be read: {error.strerror}."
        ) from error


def _check(chain: Sequence["Certificate"], key: "PrivateKeyTypes", name: str, now: datetime) -> None:
    from cryptography import x509

    first = chain[0]
    if not first.not_valid_before_utc <= now < first.not_valid_after_utc:
        raise SettingsInvalid(
            f"PACKSHOT_SIGNING__CERTIFICATE: {name} is valid from {first.not_valid_before_utc:%Y-%m-%d} to "
            f"{first.not_valid_after_utc:%Y-%m-%d} only; a certificate valid today is needed."
        )
    if first.public_key() != key.public_key():
        raise SettingsInvalid(
            f"PACKSHOT_SIGNING__KEY: the key is not that of the first certificate in {name}; "
            "the signing certificate comes first."
        )
    try:
        usage = first.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.digital_signature:
        raise SettingsInvalid(
            f"PACKSHOT_SIGNING__CERTIFICATE: {name} may not be used for digital signatures."
        )


def _algorithm(key: "PrivateKeyTypes") -> str:
    """Return C2PA's name for what the key signs with; raises SettingsInvalid for a kind that C2PA refuses."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        return "ps256"
    raise SettingsInvalid(
        "PACKSHOT_SIGNING__KEY: C2PA takes P-256, P-384, P-521 and Ed25519 keys, and RSA from 2048 bits."
    )
