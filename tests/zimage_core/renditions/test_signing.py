from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

pytest.importorskip("c2pa", reason="c2pa-python (packshot[c2pa]) is not installed")

from schemas import SettingsInvalid
from schemas.settings import SigningSettings
from tests.zimage_core.renditions.certificates import Paper, some_paper
from zimage_core.renditions.credentials import open_signer, signer_from
from zimage_core.renditions.encoding import FORMATS, encode
from zimage_core.renditions.errors import SigningFailed
from zimage_core.renditions.label import SOURCE_TYPE, AiLabel, AiSystem, read_label, xmp_packet
from zimage_core.renditions.signing import Signer, read_signature, sign

LABEL = AiLabel(
    "packshot-practice",
    "rendition_1",
    datetime(2026, 11, 20, 12, tzinfo=UTC),
    AiSystem("Z-Image-Turbo", "abc123"),
)


@pytest.fixture(scope="module")
def paper() -> Paper:
    return some_paper()


def on_disk(paper: Paper, folder: Path) -> tuple[Path, Path]:
    (folder / "chain.pem").write_bytes(paper.chain)
    (folder / "key.pem").write_bytes(paper.key)
    return folder / "chain.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def signer(paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return open_signer(*on_disk(paper, tmp_path_factory.mktemp("paper")))


def a_file(kind: str) -> bytes:
    picture = Image.effect_noise((96, 96), 50).convert("RGB")
    return encode(picture, kind, 0, 10**6, xmp_packet(LABEL))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_signed_file_says_who_made_it_with_what_and_when(kind: str, signer: Signer, paper: Paper) -> None:
    plain = a_file(kind)
    data = sign(plain, kind, LABEL, signer)
    found = read_signature(data, kind, paper.root)
    assert (found.state, found.problems) == ("Trusted", ())
    assert (found.issuer, found.source_type) == ("Kestrel", SOURCE_TYPE)
    assert (found.software, found.when) == ("Z-Image-Turbo abc123", "2026-11-20T12:00:00Z")
    assert len(data) - len(plain) <= signer.room


@pytest.mark.parametrize("kind", FORMATS)
def test_the_label_in_the_metadata_survives_signing(kind: str, signer: Signer) -> None:
    assert read_label(sign(a_file(kind), kind, LABEL, signer)) == LABEL


def test_without_anchors_a_signature_is_valid_but_its_signer_unknown(signer: Signer) -> None:
    found = read_signature(sign(a_file("jpeg"), "jpeg", LABEL, signer), "jpeg")
    assert (found.state, found.problems) == ("Valid", ("signingCredential.untrusted",))


def test_another_root_does_not_vouch_for_it(signer: Signer) -> None:
    found = read_signature(sign(a_file("jpeg"), "jpeg", LABEL, signer), "jpeg", some_paper().root)
    assert found.problems == ("signingCredential.untrusted",)


PICTURE_STARTS = {"jpeg": b"\xff\xda", "png": b"IDAT", "webp": b"VP8 ", "avif": b"mdat"}
PICTURE_ENDS = {"webp": b"XMP "}


def places_of(kind: str, data: bytes) -> Iterator[int]:
    """Places spread over the picture's own bytes; padding inside the manifest is not covered by its hash."""
    start = data.rindex(PICTURE_STARTS[kind])
    stop = data.rindex(PICTURE_ENDS[kind]) if kind in PICTURE_ENDS else len(data)
    return iter(start + 12 + round((stop - start - 16) * share) for share in (0.0, 0.35, 0.6, 1.0))


@pytest.mark.parametrize("kind", FORMATS)
def test_one_changed_byte_makes_it_invalid(kind: str, signer: Signer, paper: Paper) -> None:
    data = sign(a_file(kind), kind, LABEL, signer)
    for place in places_of(kind, data):
        changed = bytearray(data)
        changed[place] ^= 1
        found = read_signature(bytes(changed), kind, paper.root)
        assert found.state == "Invalid", place
        assert any("mismatch" in problem for problem in found.problems)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_changed_label_makes_it_invalid_too(kind: str, signer: Signer, paper: Paper) -> None:
    data = sign(a_file(kind), kind, LABEL, signer)
    forged = data.replace(b"trainedAlgorithmicMedia</", b"humanEditsOfTheOriginal</")
    assert forged != data
    assert read_signature(forged, kind, paper.root).state == "Invalid"


def test_a_file_without_a_manifest_is_named() -> None:
    with pytest.raises(SigningFailed, match="carries no readable C2PA manifest"):
        read_signature(a_file("png"), "png")


def test_what_is_no_picture_cannot_be_signed(signer: Signer) -> None:
    with pytest.raises(SigningFailed, match="cannot be signed as"):
        sign(b"not a picture", "jpeg", LABEL, signer)


def test_a_key_behind_a_password_opens_with_it(tmp_path: Path) -> None:
    chain, key = on_disk(some_paper(password=b"sesame"), tmp_path)
    assert open_signer(chain, key, "sesame").algorithm == "es256"
    for password in (None, "wrong"):
        with pytest.raises(SettingsInvalid, match="PACKSHOT_SIGNING__KEY_PASSWORD"):
            open_signer(chain, key, password)


@pytest.mark.parametrize(
    ("days", "started", "says"), [(-1, 30, "valid from .* only"), (60, -30, "valid from .* only")]
)
def test_a_certificate_that_is_not_valid_today_is_named(
    tmp_path: Path, days: int, started: int, says: str
) -> None:
    with pytest.raises(SettingsInvalid, match=says):
        open_signer(*on_disk(some_paper(days=days, started=started), tmp_path))


def test_files_that_hold_something_else_are_named(tmp_path: Path, paper: Paper) -> None:
    chain, key = on_disk(paper, tmp_path)
    other = tmp_path / "other.pem"
    other.write_bytes(some_paper().key)
    with pytest.raises(SettingsInvalid, match=r"not that of the first certificate in chain\.pem"):
        open_signer(chain, other)
    with pytest.raises(SettingsInvalid, match=r"key\.pem holds no PEM certificate"):
        open_signer(key, key)
    with pytest.raises(SettingsInvalid, match=r"chain\.pem holds no PEM key that opens without"):
        open_signer(chain, chain)
    with pytest.raises(SettingsInvalid, match=r"CERTIFICATE: gone\.pem cannot be read: No such file"):
        open_signer(tmp_path / "gone.pem", key)


def test_settings_name_both_files_or_neither(tmp_path: Path, paper: Paper) -> None:
    chain, key = on_disk(paper, tmp_path)
    assert signer_from(SigningSettings()) is None
    with pytest.raises(SettingsInvalid, match="PACKSHOT_SIGNING__KEY is missing"):
        signer_from(SigningSettings(certificate=chain))
    with pytest.raises(SettingsInvalid, match="PACKSHOT_SIGNING__CERTIFICATE is missing"):
        signer_from(SigningSettings(key=key))
    found = signer_from(SigningSettings(certificate=chain, key=key, key_password=None))
    assert found is not None
    assert "CN=Kestrel Test Studio" in found.name


def test_a_signers_key_is_not_printed(signer: Signer) -> None:
    assert "PRIVATE" not in repr(signer)
    assert "sesame" not in repr(SigningSettings(key_password=SecretStr("sesame")))
