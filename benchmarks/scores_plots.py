"""The score benchmark's plots, as small PNG files."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zimage_core.scoring.reliability import bins_of

Values = NDArray[np.float64]
Truth = NDArray[np.bool_]

SIZE, DPI = (4.2, 3.4), 90
COLOURS = ("#1f4e8c", "#c2571a", "#3c7a3c", "#7a3c7a")


def reliability(path: Path, sets: Mapping[str, tuple[Values, Truth]]) -> None:
    """Plot what p said against what was; the size of a point follows the number of its pictures."""
    figure, axes = _axes("p(accept) said", "share of right pictures")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    for colour, (name, (p, right)) in zip(COLOURS, sets.items(), strict=False):
        bins = bins_of(p, right)
        sizes = [12 + 120 * (each.count / len(p)) ** 0.5 for each in bins]
        axes.scatter(
            [b.said for b in bins], [b.was for b in bins], sizes, color=colour, alpha=0.7, label=name
        )
    axes.legend(loc="center right", fontsize=7)
    _save(figure, path)


def roc(path: Path, scores: Mapping[str, Values], right: Truth) -> None:
    """Plot the share of right pictures kept against the share of wrong ones kept."""
    figure, axes = _axes("share of wrong pictures kept", "share of right pictures kept")
    for colour, (name, p) in zip(COLOURS, scores.items(), strict=False):
        order = np.argsort(-p, kind="stable")
        kept, passed = np.cumsum(right[order]) / right.sum(), np.cumsum(~right[order]) / (~right).sum()
        axes.plot(np.r_[0, passed], np.r_[0, kept], color=colour, label=name)
    axes.legend(loc="lower right", fontsize=7)
    _save(figure, path)


def histogram(path: Path, p: Values, right: Truth, gate: float) -> None:
    """Plot how many right and wrong pictures got which p, on a logarithmic count."""
    figure, axes = _axes("p(accept)", "pictures")
    edges = np.linspace(0, 1, 21)
    axes.hist([p[right], p[~right]], edges, color=COLOURS[:2], label=["right", "wrong"], log=True)
    axes.axvline(gate, color="#444444", linestyle="--", linewidth=1, label=f"gate {gate:.2f}")
    axes.legend(loc="upper center", fontsize=7)
    _save(figure, path)


def _axes(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across, fontsize=8)
    axes.set_ylabel(up, fontsize=8)
    axes.tick_params(labelsize=7)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=DPI, format="png", metadata={"Software": None})
