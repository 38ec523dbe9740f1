"""How surely each claim is seen: the true value against its distractors, by an encoder's vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas import Claim, ClaimOption, ClaimScore

Vectors = NDArray[np.float32]

DIGITS = 6
"""Decimals kept of a probability; the digits behind them differ between machines."""


class Encoder(Protocol):
    """Gives pictures and texts as unit vectors of one space, in fp32."""

    @property
    def fingerprint(self) -> str:
        """What identifies the weights."""
        ...

    @property
    def logit_scale(self) -> float:
        """The learnt factor between cosine and logit."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text, n x d."""
        ...

    def encode_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> Vectors:
        """Return one vector per H x W x 3 picture, n x d."""
        ...


def score_claim(claim: Claim, picture: Vectors, encoder: Encoder) -> ClaimScore:
    """Score one claim on a picture's unit vector (d).

    p = softmax over truth and distractors of logit_scale * cosine; an option's vector is the mean of its
    texts' vectors, brought to unit length again (zero-shot classification as in the CLIP paper, 3.1.4).
    """
    options = (claim.truth, *claim.distractors)
    cosines = np.array([_vector(option, encoder) @ picture for option in options], np.float64)
    shares = softmax(encoder.logit_scale * cosines)
    rival = 1 + int(np.argmax(shares[1:]))
    return ClaimScore(
        kind=claim.kind,
        value=claim.truth.value,
        p=_probability(shares[0]),
        rival=options[rival].value,
        rival_p=_probability(shares[rival]),
    )


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logits' shares, which add up to 1."""
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), np.float64)


def _vector(option: ClaimOption, encoder: Encoder) -> NDArray[np.float64]:
    mean = encoder.encode_texts(option.texts).astype(np.float64).mean(0)
    return np.asarray(mean / np.linalg.norm(mean), np.float64)


def _probability(share: np.float64) -> float:
    return round(float(share), DIGITS)
