"""Where the marks of a plot lie, in the units of its SVG; templates draw them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog import MadeInSpan
from schemas.intervals import Share
from studio.dashboard import Bin, Span

WIDTH, HEIGHT = 720.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 8.0, 12.0, 28.0
SQUARE = 300.0
MARGIN = 36.0
STRIP = 120.0
"""Width of the strip on which an interval lies."""
EDGE = 5.0


@dataclass(frozen=True)
class Tick:
    """A mark on an axis with its words."""

    at: float
    text: str


@dataclass(frozen=True)
class Bar:
    """One span: its whole and its accepted part, from the ground up."""

    made: MadeInSpan
    x: float
    width: float
    top: float
    height: float
    accepted_top: float
    accepted_height: float
    label: str


@dataclass(frozen=True)
class BarPlot:
    """Bars over time with their axes."""

    width: float
    height: float
    left: float
    right: float
    ground: float
    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


@dataclass(frozen=True)
class Dot:
    """A bin of the reliability diagram: where it lies, its interval, and how large its dot is."""

    bin: Bin
    x: float
    y: float
    low: float
    high: float
    radius: float


@dataclass(frozen=True)
class Strip:
    """An interval on a line from 0 to 100 %."""

    width: float
    low: float
    span: float
    at: float


def nice_top(most: int) -> int:
    """Return the axis' end, no less than `most`: four steps of 1, 2, 3 or 5 times a power of ten."""
    power = 1
    while True:
        for step in (1, 2, 3, 5):
            if 4 * step * power >= most:
                return 4 * step * power
        power *= 10


def bar_plot(made: Sequence[MadeInSpan], span: Span) -> BarPlot:
    """Lay out what was made, one bar for each span of time."""
    top = nice_top(max(one.tried for one in made))
    ground, scale = HEIGHT - BOTTOM, (HEIGHT - BOTTOM - TOP) / top
    step = (WIDTH - LEFT - RIGHT) / len(made)
    bars = tuple(
        Bar(
            made=one,
            x=round(LEFT + place * step + step * 0.1, 1),
            width=round(step * 0.8, 1),
            top=round(ground - one.tried * scale, 1),
            height=round(one.tried * scale, 1),
            accepted_top=round(ground - one.accepted * scale, 1),
            accepted_height=round(one.accepted * scale, 1),
            label=_label(one, span),
        )
        for place, one in enumerate(made)
    )
    every = 4 if span is not Span.MONTH else 5
    across = tuple(Tick(bar.x + bar.width / 2, bar.label) for bar in bars[::every])
    up = tuple(Tick(round(ground - part * top / 4 * scale, 1), f"{top * part // 4}") for part in range(5))
    return BarPlot(WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, ground, bars, across, up)


def _label(one: MadeInSpan, span: Span) -> str:
    return one.since.strftime("%H:%M" if span is Span.DAY else "%m-%d")


def dots(bins: Sequence[Bin]) -> tuple[Dot, ...]:
    """Lay out a reliability diagram on a square; the area of a dot follows its pictures."""
    most = max((one.accepted.of for one in bins), default=1)
    return tuple(
        Dot(
            bin=one,
            x=across(one.said),
            y=up(one.accepted.share),
            low=up(one.accepted.low),
            high=up(one.accepted.high),
            radius=round(3 + 6 * (one.accepted.of / most) ** 0.5, 1),
        )
        for one in bins
    )


def across(share: float) -> float:
    """Return where a share lies on the lower axis of the square."""
    return round(MARGIN + share * (SQUARE - 2 * MARGIN), 1)


def up(share: float) -> float:
    """Return where a share lies on the left axis of the square."""
    return round(SQUARE - MARGIN - share * (SQUARE - 2 * MARGIN), 1)


def strip(share: Share) -> Strip:
    """Lay out a share with its interval; the ends leave room for half a dot."""
    room = STRIP - 2 * EDGE
    return Strip(
        width=STRIP,
        low=round(EDGE + share.low * room, 1),
        span=round(max((share.high - share.low) * room, 1.0), 1),
        at=round(EDGE + share.share * room, 1),
    )
