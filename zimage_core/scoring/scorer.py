"""The scorer that the core holds beside the generator: claims, checks, one fused number."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas import AssetError, Claim, Scores, ShotType, content_id
from zimage_core.errors import ScoringFailed
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.scenes import subject_in_scene
from zimage_core.scoring.calibrations import Calibration
from zimage_core.scoring.checks import CHECKS, measures
from zimage_core.scoring.claims import ClaimReader, Encoder, Shares, scored, together
from zimage_core.scoring.extras import Extra
from zimage_core.scoring.likeness import look_of
from zimage_core.scoring.views import Pixels, View

AROUND = 0.08
"""Free space left around the product when it is looked at closer, as a share of its own size."""

WHOLE = 0.85
"""A product that fills this share of the frame both ways is not looked at closer: it would be the same
view."""


def fingerprint_of(encoder: str, calibration: Calibration) -> str:
    """Return the content id of all that decides the claims and checks: weights, sight and the checks' names.

    Extras are left out: they add numbers and change none.
    """
    return content_id("scorer", [encoder, calibration.sight.model_dump(mode="json"), sorted(CHECKS)])


class ClaimScorer:
    """Measures pictures against their claims; the same picture and claims always get the same Scores.

    One thread at a time may use it.
    """

    def __init__(self, encoder: Encoder, calibration: Calibration, extras: Sequence[Extra] = ()) -> None:
        """Read with `encoder`, fuse with `calibration`, and run `extras` beside the checks."""
        self._encoder = encoder
        self._calibration = calibration
        self._extras = tuple(extras)
        self._reader = ClaimReader(encoder, calibration.sight.phrasings)
        self.fingerprint = fingerprint_of(encoder.fingerprint, calibration)

    def score(self, picture: NDArray[np.uint8], claims: tuple[Claim, ...]) -> Scores:
        """Return the Scores of an H x W x 3 sRGB picture; raise ScoringFailed when it cannot be measured."""
        return self.score_many([picture], [claims])[0]

    def score_many(
        self, pictures: Sequence[NDArray[np.uint8]], claims: Sequence[tuple[Claim, ...]]
    ) -> list[Scores]:
        """Return the Scores of several pictures, each held against its own claims, and as if it were alone.

        The pictures may differ in size. Raises ScoringFailed when one of them cannot be measured.
        """
        for picture in pictures:
            _require_picture(picture)
        if not pictures:
            return []
        try:
            return self._scored([View(picture) for picture in pictures], claims)
        except AssetError:
            raise
        except Exception as error:
            raise ScoringFailed(
                f"The picture was made but could not be scored: {type(error).__name__}: {error}."
            ) from error

    def _scored(self, views: list[View], claims: Sequence[tuple[Claim, ...]]) -> list[Scores]:
        seen = self._shares(views, claims)
        return [
            self._fused(view, asked, shares) for view, asked, shares in zip(views, claims, seen, strict=True)
        ]

    def _shares(self, views: list[View], claims: Sequence[tuple[Claim, ...]]) -> list[list[Shares]]:
        """Hold every claim against the whole picture, and those left in doubt against the product as well."""
        vectors = self._encoder.encode_pictures([view.picture for view in views])
        seen = [
            [self._reader.shares(claim, vector) for claim in asked]
            for asked, vector in zip(claims, vectors, strict=True)
        ]
        doubted = {n: self._doubted(asked, seen[n]) for n, asked in enumerate(claims)}
        crops = {n: crop for n, which in doubted.items() if which and (crop := closer(views[n])) is not None}
        if crops:
            for n, vector in zip(crops, self._encoder.encode_pictures(list(crops.values())), strict=True):
                for k in doubted[n]:
                    seen[n][k] = together(seen[n][k], self._reader.shares(claims[n][k], vector))
        return seen

    def _doubted(self, asked: tuple[Claim, ...], shares: list[Shares]) -> list[int]:
        """List the claims about the product that are not clearly seen; a close-up's product has no box."""
        sight = self._calibration.sight
        if any(claim.kind == "shot" and claim.truth.value == ShotType.DETAIL for claim in asked):
            return []
        return [
            k
            for k, (claim, share) in enumerate(zip(asked, shares, strict=True))
            if claim.kind in sight.closer_kinds and share[0] < sight.closer_below
        ]

    def _fused(self, view: View, asked: tuple[Claim, ...], shares: list[Shares]) -> Scores:
        claims = tuple(scored(claim, share) for claim, share in zip(asked, shares, strict=True))
        checks = measures(view, asked)
        for extra in self._extras:
            checks |= extra.measure(view.picture, asked)
        return Scores(
            claims=claims,
            checks=checks,
            p_accept=self._calibration.p_accept(claims, checks),
            scorer=self.fingerprint,
            calibration=self._calibration.fingerprint,
            look=look_of(view),
        )


def closer(view: View) -> Pixels | None:
    """Return the picture cut to its product; None when no product is found or it fills the frame."""
    box = view.on_white or subject_in_scene(view.small)
    if box is None or min(box.width / view.frame.width, box.height / view.frame.height) >= WHOLE:
        return None
    side = max(box.width, box.height) * (1 + 2 * AROUND)
    middle = Box(*(((box.left + box.right) / 2, (box.top + box.bottom) / 2) * 2))
    height, width = view.picture.shape[:2]
    step = width / view.frame.width
    cut = middle.grown(side / 2, side / 2).clipped((int(view.frame.width), int(view.frame.height)))
    left, top, right, bottom = (round(edge * step) for edge in (cut.left, cut.top, cut.right, cut.bottom))
    return view.picture[top : min(bottom, height), left : min(right, width)]


def _require_picture(picture: NDArray[np.uint8]) -> None:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape) < 3:
        raise ScoringFailed(
            f"A picture of height x width x 3 bytes was expected, not {picture.shape} of {picture.dtype}."
        )
