"""Flat shapes in product coordinates, drawn twice: grown in the edge colour, then filled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL import ImageDraw

Rgb = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    """Where product coordinates (-0.5 to 0.5, y down) land on a canvas, in canvas pixels."""

    centre_x: float
    centre_y: float
    scale: float

    def points(self, points: Sequence[Point]) -> list[Point]:
        """Map product points to canvas points."""
        return [(self.centre_x + x * self.scale, self.centre_y + y * self.scale) for x, y in points]

    def box(self, box: Box, grow: float) -> list[float]:
        """Map a box to canvas pixels, grown on all sides."""
        (x0, y0), (x1, y1) = self.points([(box[0], box[1]), (box[2], box[3])])
        return [x0 - grow, y0 - grow, x1 + grow, y1 + grow]

    def width(self, width: float, grow: float) -> int:
        """Map a line width to whole canvas pixels."""
        return max(1, round(width * self.scale + 2 * grow))


Stroke = Callable[[ImageDraw.ImageDraw, Place, float, Rgb | None], None]


@dataclass
class Pen:
    """Records the shapes of one product so that they can be drawn at any place and size."""

    strokes: list[Stroke] = field(default_factory=list)

    def polygon(self, points: Sequence[Point], colour: Rgb) -> None:
        """Add a filled polygon."""

        def stroke(draw: ImageDraw.ImageDraw, place: Place, grow: float, edge: Rgb | None) -> None:
            mapped = place.points(points)
            draw.polygon(mapped, fill=edge or colour)
            if grow:
                ring = [*mapped, mapped[0], mapped[1]]
                draw.line(ring, fill=edge or colour, width=round(2 * grow), joint="curve")

        self.strokes.append(stroke)

    def box(self, box: Box, colour: Rgb, radius: float = 0.0) -> None:
        """Add a filled rectangle with round corners."""

        def stroke(draw: ImageDraw.ImageDraw, place: Place, grow: float, edge: Rgb | None) -> None:
            corner = radius * place.scale + grow
            draw.rounded_rectangle(place.box(box, grow), radius=corner, fill=edge or colour)

        self.strokes.append(stroke)

    def ellipse(self, box: Box, colour: Rgb) -> None:
        """Add a filled ellipse."""

        def stroke(draw: ImageDraw.ImageDraw, place: Place, grow: float, edge: Rgb | None) -> None:
            draw.ellipse(place.box(box, grow), fill=edge or colour)

        self.strokes.append(stroke)

    def arc(self, box: Box, span: Point, colour: Rgb, width: float) -> None:
        """Add a curved line along the inside of a box; span in degrees, clockwise from the right."""

        def stroke(draw: ImageDraw.ImageDraw, place: Place, grow: float, edge: Rgb | None) -> None:
            draw.arc(place.box(box, grow), *span, fill=edge or colour, width=place.width(width, grow))

        self.strokes.append(stroke)

    def line(self, points: Sequence[Point], colour: Rgb, width: float) -> None:
        """Add a line with round joints."""

        def stroke(draw: ImageDraw.ImageDraw, place: Place, grow: float, edge: Rgb | None) -> None:
            draw.line(
                place.points(points), fill=edge or colour, width=place.width(width, grow), joint="curve"
            )

        self.strokes.append(stroke)

    def draw(self, draw: ImageDraw.ImageDraw, place: Place, edge: Rgb, edge_width: float) -> None:
        """Draw all shapes with one dark edge around their union."""
        for stroke in self.strokes:
            stroke(draw, place, edge_width, edge)
        for stroke in self.strokes:
            stroke(draw, place, 0.0, None)
