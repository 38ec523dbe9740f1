"""Signing a finished file's origin with C2PA, and reading such a signature back.

The manifest says that the picture is wholly made by a trained model, with what software and when, which also
covers what California's SB 942 asks for. Signed is last: one byte changed afterwards makes it invalid.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from zimage_core.renditions.errors import SigningFailed
from zimage_core.renditions.label import SOURCE_TYPE, AiLabel

MEDIA_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}

ROOM = 3_000
"""Bytes that a manifest takes at most beside its certificates; 1.9 KB were measured for P-256."""

STAMP_ROOM = 12_000
"""More bytes where a time stamp and its certificates go in."""


@dataclass(frozen=True)
class Signer:
    """Who signs: a certificate chain (PEM, the signing one first) with its private key (PEM, unencrypted)."""

    certificates: bytes
    key: bytes = field(repr=False)
    algorithm: str
    """C2PA's name: es256, es384, es512, ps256, ps384, ps512 or ed25519."""
    name: str
    """The certificate's subject, for people and records."""
    tsa: str | None = None

    @property
    def room(self) -> int:
        """Bytes to leave free in a file that will be signed; what signing adds at most."""
        return ROOM + 2 * len(self.certificates) + (STAMP_ROOM if self.tsa else 0)


@dataclass(frozen=True)
class Signature:
    """What a file's active manifest says, and whether it holds."""

    state: str
    """`Trusted` (by the anchors given), `Valid` (intact, its signer unknown) or `Invalid`."""
    issuer: str
    source_type: str
    software: str
    when: str
    problems: tuple[str, ...]
    """C2PA's codes of what does not hold, `signingCredential.untrusted` among them."""


def sign(data: bytes, kind: str, label: AiLabel, signer: Signer) -> bytes:
    """Return the file (JPEG, PNG, WebP or AVIF bytes) with a signed manifest; its pixels and XMP stay.

    Two signings of the same file differ: the signature's nonce and the manifest's id are new each time.
    Raises SigningFailed.
    """
    c2pa = _library()
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    info = c2pa.C2paSignerInfo(signer.algorithm, signer.certificates, signer.key, signer.tsa)
    out = BytesIO()
    try:
        with (
            c2pa.Signer.from_info(info) as pen,
            c2pa.Context(settings) as context,
            c2pa.Builder(_manifest(label, kind), context) as builder,
        ):
            builder.sign(pen, MEDIA_TYPES[kind], BytesIO(data), out)
    except c2pa.C2paError as error:
        raise SigningFailed(f"The {kind} file cannot be signed as {signer.name}: {error}.") from error
    return out.getvalue()


def read_signature(data: bytes, kind: str, anchors: bytes | None = None) -> Signature:
    """Check the file's active manifest, offline, against `anchors` (PEM certificates that are trusted).

    Raises SigningFailed when the file carries no manifest or one that cannot be read.
    """
    c2pa = _library()
    wanted: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    if anchors:
        wanted |= {"trust": {"trust_anchors": anchors.decode()}}
    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(wanted)) as context,
            c2pa.Reader(MEDIA_TYPES[kind], BytesIO(data), context=context) as reader,
        ):
            report = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise SigningFailed(f"The {kind} file carries no readable C2PA manifest: {error}.") from error
    return _signature(report)


def _library() -> Any:
    """Return c2pa-python, which is an extra; raises SigningFailed when it is not installed."""
    try:
        import c2pa
    except ImportError as error:
        raise SigningFailed("Signing needs c2pa-python; install packshot[c2pa].") from error
    return c2pa


def _manifest(label: AiLabel, kind: str) -> dict[str, Any]:
    software = {"name": label.system.name}
    if label.system.version:
        software["version"] = label.system.version
    action = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": software,
        "when": label.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {
        "claim_generator_info": [{"name": label.tool}],
        "format": MEDIA_TYPES[kind],
        "title": label.produce_id,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }


def _signature(report: Mapping[str, Any]) -> Signature:
    manifest = report["manifests"][report["active_manifest"]]
    actions = [
        action
        for assertion in manifest.get("assertions", ())
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    made: Mapping[str, Any] = next((one for one in actions if one["action"] == "c2pa.created"), {})
    agent = made.get("softwareAgent") or {}
    found = report.get("validation_results", {}).get("activeManifest", {}).get("failure", ())
    return Signature(
        state=str(report.get("validation_state", "Invalid")),
        issuer=str(manifest.get("signature_info", {}).get("issuer", "")),
        source_type=str(made.get("digitalSourceType", "")),
        software=" ".join(str(agent[key]) for key in ("name", "version") if key in agent),
        when=str(made.get("when", "")),
        problems=tuple(str(problem["code"]) for problem in found),
    )
