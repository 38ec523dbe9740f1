"""The scorer that the core holds beside the generator: claims, checks, one fused number."""

import numpy as np
from numpy.typing import NDArray

from schemas import AssetError, Claim, Scores, content_id
from zimage_core.errors import ScoringFailed
from zimage_core.scoring.checks import CHECKS, measured
from zimage_core.scoring.claims import Encoder, score_claim
from zimage_core.scoring.fusion import Fusion


class ClaimScorer:
    """Measures a picture against its claims; the same picture and claims always get the same Scores."""

    def __init__(self, encoder: Encoder, fusion: Fusion) -> None:
        """Read pictures and texts with `encoder` and fuse with `fusion`."""
        self._encoder = encoder
        self._fusion = fusion
        self.fingerprint = content_id("scorer", [encoder.fingerprint, fusion.fingerprint, sorted(CHECKS)])

    def score(self, picture: NDArray[np.uint8], claims: tuple[Claim, ...]) -> Scores:
        """Return the Scores of an H x W x 3 sRGB picture; raise ScoringFailed when it cannot be measured."""
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape) < 3:
            raise ScoringFailed(
                f"A picture of height x width x 3 bytes was expected, not {picture.shape} of {picture.dtype}."
            )
        try:
            return self._scored(picture, claims)
        except AssetError:
            raise
        except Exception as error:
            raise ScoringFailed(
                f"The picture was made but could not be scored: {type(error).__name__}: {error}."
            ) from error

    def _scored(self, picture: NDArray[np.uint8], claims: tuple[Claim, ...]) -> Scores:
        vector = self._encoder.encode_pictures([picture])[0]
        seen = tuple(score_claim(claim, vector, self._encoder) for claim in claims)
        checks = measured(picture)
        return Scores(
            claims=seen, checks=checks, p_accept=self._fusion.p_accept(seen, checks), scorer=self.fingerprint
        )
