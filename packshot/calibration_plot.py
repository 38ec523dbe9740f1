"""The reliability diagram of `packshot calibrate` as a picture, by matplotlib where it is installed."""

from collections.abc import Mapping
from pathlib import Path

from schemas import SettingsInvalid
from zimage_core.scoring.fitting import Truth, Values
from zimage_core.scoring.reliability import bins_of

COLOURS = ("#c2571a", "#1f4e8c")


def draw_reliability(path: Path, sides: Mapping[str, Values], right: Truth) -> None:
    """Write a PNG of what p said against what people said; raise SettingsInvalid without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SettingsInvalid("The option --plot needs the package matplotlib; install it.") from error
    figure = Figure(figsize=(4.5, 4.0), layout="constrained")
    axes = figure.add_subplot(xlabel="p(accept) said", ylabel="share that people accepted")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    for colour, (name, p) in zip(COLOURS, sides.items(), strict=False):
        bins = bins_of(p, right)
        sizes = [12 + 120 * (each.count / len(p)) ** 0.5 for each in bins]
        axes.scatter(
            [b.said for b in bins], [b.was for b in bins], sizes, color=colour, alpha=0.7, label=name
        )
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=100, format="png")
