"""A scorer that never stops the line: what it cannot measure is unscored, and nothing accepts it."""

from collections.abc import Sequence
from typing import Protocol

from schemas import Claim, Scores
from zimage_core.scoring.views import Pixels

UNSCORED = "unscored"
"""What Scores.scorer says when nothing was measured."""


class ManyScorer(Protocol):
    """Measures several pictures at once."""

    @property
    def fingerprint(self) -> str:
        """What identifies the scorer."""
        ...

    def score_many(self, pictures: Sequence[Pixels], claims: Sequence[tuple[Claim, ...]]) -> list[Scores]:
        """Return the Scores of each picture; raise an error when one cannot be measured."""
        ...


class SteadyScorer:
    """Scores with another scorer; a picture it fails on gets Scores that say so, without its neighbours.

    A failed batch is scored again one by one, which is the second try of each picture.
    """

    def __init__(self, scorer: ManyScorer) -> None:
        """Score with `scorer`."""
        self._scorer = scorer
        self.fingerprint = scorer.fingerprint

    def score(self, picture: Pixels, claims: tuple[Claim, ...]) -> Scores:
        """Return the picture's Scores, or Scores whose `unscored` says why there are none."""
        return self.score_many([picture], [claims])[0]

    def score_many(self, pictures: Sequence[Pixels], claims: Sequence[tuple[Claim, ...]]) -> list[Scores]:
        """Return the Scores of each picture in order; raises nothing."""
        try:
            return self._scorer.score_many(pictures, claims)
        except Exception:  # noqa: BLE001 - whatever a driver raises, the pictures must not be lost
            return [self._alone(picture, asked) for picture, asked in zip(pictures, claims, strict=True)]

    def _alone(self, picture: Pixels, claims: tuple[Claim, ...]) -> Scores:
        try:
            return self._scorer.score_many([picture], [claims])[0]
        except Exception as error:  # noqa: BLE001 - the same
            return unscored(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def unscored(why: str) -> Scores:
    """Return the Scores of a picture on which nothing could be measured."""
    return Scores(claims=(), checks={}, p_accept=0.0, scorer=UNSCORED, unscored=why)
