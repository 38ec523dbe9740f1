"""How surely each claim is seen: the true value against its distractors, by an encoder's vectors."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas import Claim, ClaimOption, ClaimScore

Vectors = NDArray[np.float32]
Shares = NDArray[np.float64]

DIGITS = 6
"""Decimals kept of a probability; the digits behind them differ between machines."""

CACHED_CLAIMS = 512
"""Claims whose options' vectors are kept: at 20 options of 512 numbers they take 40 MB."""


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
        """Return one vector per H x W x 3 picture, n x d, each as if it were alone."""
        ...


class ClaimReader:
    """Holds claims against pictures' vectors, and remembers what their options' texts came to."""

    def __init__(self, encoder: Encoder, phrasings: Sequence[str] = ("{text}",)) -> None:
        """Say every text in each of `phrasings`, in which {text} stands for it."""
        self._encoder = encoder
        self._phrasings = tuple(phrasings)
        self._known: OrderedDict[tuple[tuple[str, ...], ...], NDArray[np.float64]] = OrderedDict()

    def shares(self, claim: Claim, picture: Vectors) -> Shares:
        """Return each option's share on a picture's unit vector (d), truth first; they add up to 1.

        softmax over truth and distractors of logit_scale * cosine; an option's vector is the mean of its
        phrased texts' vectors, brought to unit length again (zero-shot classification of the CLIP paper,
        3.1.4).
        """
        return softmax(self._encoder.logit_scale * (self._vectors(claim) @ picture.astype(np.float64)))

    def _vectors(self, claim: Claim) -> NDArray[np.float64]:
        options = (claim.truth, *claim.distractors)
        key = tuple(option.texts for option in options)
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        made = np.stack([self._vector(option) for option in options])
        self._known[key] = made
        if len(self._known) > CACHED_CLAIMS:
            self._known.popitem(last=False)
        return made

    def _vector(self, option: ClaimOption) -> NDArray[np.float64]:
        said = [phrasing.replace("{text}", text) for text in option.texts for phrasing in self._phrasings]
        mean = self._encoder.encode_texts(said).astype(np.float64).mean(0)
        return np.asarray(mean / np.linalg.norm(mean), np.float64)


def scored(claim: Claim, shares: Shares) -> ClaimScore:
    """Return the truth's share beside its best rival's; raises ValueError when they are no numbers."""
    options = (claim.truth, *claim.distractors)
    rival = 1 + int(np.argmax(shares[1:]))
    return ClaimScore(
        kind=claim.kind,
        value=claim.truth.value,
        p=_probability(shares[0]),
        rival=options[rival].value,
        rival_p=_probability(shares[rival]),
    )


def together(one: Shares, other: Shares) -> Shares:
    """Join what two looks at the same claim gave: the mean of their logs, as shares again."""
    least = 1e-12
    return softmax((np.log(np.maximum(one, least)) + np.log(np.maximum(other, least))) / 2)


def softmax(logits: NDArray[np.float64]) -> Shares:
    """Return the logits' shares, which add up to 1."""
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), np.float64)


def _probability(share: np.float64) -> float:
    return round(float(share), DIGITS)
