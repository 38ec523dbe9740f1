"""POST /v1/scores: pictures from anywhere, and files that only say they are pictures."""

import base64
import io
import zlib

import pytest
from PIL import ExifTags, Image

from tests.factories import a_claim, a_job
from tests.zimage_core.service.conftest import Serve
from tests.zimage_core.service.served import Gate, an_engine, through
from zimage_core.backends.fake import FakeBackend
from zimage_core.encoding import picture_from
from zimage_core.errors import BodyTooLarge, CoreBusy, InvalidRender, UnreadablePicture


def a_file(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 128 if mode == "L" else 0).save(file, format=kind)
    return file.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that unpacks to `width` x `height` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x01\x00\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_scored_against_its_claims(serve: Serve, kind: str) -> None:
    scores = through(serve()).score(a_file(kind), (a_claim(), a_claim("category", "mug")))
    assert [claim.value for claim in scores.claims] == ["red", "mug"]
    assert scores.checks


def test_both_alphabets_of_base64_are_read(serve: Serve) -> None:
    service = serve()
    data = a_file("PNG", mode="L")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        body = {"picture": encode(data).decode(), "claims": [a_claim().model_dump()]}
        assert service.post("/v1/scores", json=body).status_code == 200


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "send a PNG, JPEG or WebP"),
        (a_file("GIF"), "send a PNG, JPEG or WebP"),
        (a_file("PNG")[:60], "cannot be read"),
        (bomb(9_000, 9_000), "9000x9000 px"),
        (bomb(20_000, 16), "20000x16 px"),
    ],
    ids=["text", "gif", "cut off", "too many pixels", "too long a side"],
)
def test_what_is_no_usable_picture_is_refused_in_a_sentence(serve: Serve, data: bytes, words: str) -> None:
    with pytest.raises(UnreadablePicture, match=words):
        through(serve()).score(data, (a_claim(),))


def test_an_upload_has_a_limit(serve: Serve) -> None:
    with pytest.raises(BodyTooLarge):
        through(serve()).score(b"x" * (32 << 20), (a_claim(),))


def test_a_picture_without_claims_cannot_be_scored(serve: Serve) -> None:
    with pytest.raises(InvalidRender, match="claims: "):
        through(serve()).score(a_file("PNG"), ())


def test_a_scorer_with_no_room_says_when_to_come_back(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise CoreBusy("Too many pictures wait to be scored; ask again later.", retry_after_s=3)

    engine = an_engine()
    service = serve(engine)
    monkeypatch.setattr(engine, "score", refuse)
    with pytest.raises(CoreBusy) as busy:
        through(service).score(a_file("PNG"), (a_claim(),))
    assert busy.value.context["retry_after_s"] == 3


def test_scoring_needs_no_room_in_the_queue_of_renders(serve: Serve, gate: Gate) -> None:
    engine = an_engine(FakeBackend(on_step=gate), queue_limit=1)
    service = serve(engine)
    engine.submit(a_job(0))
    assert gate.entered.wait(10)
    engine.submit(a_job(1))
    assert engine.queue.refusal("local") is not None
    body = {"picture": base64.b64encode(b"hello").decode(), "claims": [a_claim().model_dump()]}
    assert service.post("/v1/scores", json=body).status_code == 422


def test_a_picture_is_measured_as_it_is_looked_at() -> None:
    file = io.BytesIO()
    picture = Image.new("RGBA", (8, 4), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (4, 0, 8, 4))
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    picture.save(file, "PNG", exif=turned)
    seen = picture_from(file.getvalue())
    assert seen.shape == (8, 4, 3)
    assert seen[0, 0].tolist() == [200, 0, 0]
    assert seen[-1, 0].tolist() == [255, 255, 255]
