"""The rows of the score benchmark's table, and how a verdict's first reason names a claim."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.scores_cases import WHOLE
from schemas import Verdict

MEASURED_CLAIMS = {"the product touches": WHOLE, "the background is not white": "background"}
"""The claims that the policy's measured limits speak of."""


@dataclass(frozen=True)
class Row:
    """A figure with its goal; `at_most` turns the goal round, no goal means that it is shown."""

    what: str
    value: float
    goal: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Return name, value, goal, whether it is met, and the note."""
        if self.goal is None:
            return self.what, f"{self.value:.4g}", "shown", "", self.note
        met = self.value <= self.goal if self.at_most else self.value >= self.goal
        sign = "at most" if self.at_most else "at least"
        return self.what, f"{self.value:.4g}", f"{sign} {self.goal:g}", "yes" if met else "NO", self.note


def named(verdict: Verdict) -> str:
    """Return the claim that the verdict's first reason is about; empty when it names none."""
    reason = verdict.reasons[0]
    for words, claim in MEASURED_CLAIMS.items():
        if reason.startswith(words):
            return claim
    found = re.search(r"least sure of ([a-z ]+):", reason) or re.match(r"([a-z ]+): asked", reason)
    return found.group(1).replace(" ", "_") if found else ""


def spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the rank correlation, ties at their mean rank."""
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray(((ends - counts + ends + 1) / 2)[which])


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
