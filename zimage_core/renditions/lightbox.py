"""A decoded master with everything that several slots share: the product's box, the white, resized views."""

from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from schemas import Fit, RenditionSpec, ShotType
from zimage_core.errors import ExportFailed
from zimage_core.renditions.framing import framed, framed_on_white
from zimage_core.renditions.geometry import Box, window_for
from zimage_core.renditions.preflight import WHITE
from zimage_core.renditions.regions import dense
from zimage_core.renditions.scenes import BARRIERS, Cutout, subject_of
from zimage_core.renditions.subject import Pixels, bounding_box
from zimage_core.renditions.upscaling import LANCZOS, Upscaler
from zimage_core.renditions.whitening import Whitened, whiten

FILL_MARGIN = 0.02
"""By how much a window aims above the slot's least fill, so that blur at the edges does not lose it."""


LEAST_HEIGHT, MOST_SLICES = 16, 20
"""Least height in px of a detail page, and the most slices that one is cut into."""


@dataclass(frozen=True)
class Tools:
    """The replaceable parts of rendering: who finds a scene's product, and who enlarges."""

    cutout: Cutout = BARRIERS
    upscaler: Upscaler = LANCZOS


@dataclass(frozen=True)
class View:
    """What a slot shows of the master; equal views have equal pixels."""

    window: Box
    size: tuple[int, int]
    white: bool


class Lightbox:
    """One master's pixels on the table, for slots of one shot type.

    What is found about it is kept; not for several threads until `view` was asked for every slot.
    """

    def __init__(self, picture: Pixels, shot_type: ShotType, tools: Tools) -> None:
        self.picture = picture
        self.shot_type = shot_type
        self.tools = tools

    @property
    def frame(self) -> tuple[int, int]:
        """The master's (width, height) in px."""
        return self.picture.shape[1], self.picture.shape[0]

    @cached_property
    def image(self) -> Image.Image:
        """The master for Pillow."""
        return Image.fromarray(self.picture)

    @cached_property
    def subject(self) -> Box:
        """The part that must stay whole."""
        return subject_of(self.picture, self.shot_type, self.tools.cutout)

    @cached_property
    def white(self) -> Whitened:
        """The master on pure white; raises ExportFailed when it cannot be."""
        return whiten(self.picture)

    @cached_property
    def white_image(self) -> Image.Image:
        """The master on pure white, for Pillow."""
        return Image.fromarray(self.white.picture)

    @cached_property
    def white_subject(self) -> Box:
        """The product's box on the white; raises ExportFailed when it is cut by the frame or not there."""
        box = bounding_box(dense(~self.white.background))
        width, height = self.frame
        if box is None:
            raise ExportFailed("The picture is white all over; a product was expected on it.")
        if min(box.left, box.top, width - box.right, height - box.bottom) <= 0:
            raise ExportFailed(
                "The product touches the picture's edge; on white it must stand free to be whole."
            )
        return box

    @cached_property
    def stands_on_white(self) -> bool:
        """Whether this is a main picture whose background can be made pure white, for any slot then."""
        if self.shot_type is not ShotType.WHITE_MAIN:
            return False
        try:
            _ = self.white_subject
        except ExportFailed:
            return False
        return True

    def view(self, spec: RenditionSpec) -> View:
        """Choose the part of the master that the slot shows; raises ExportFailed when there is none."""
        white = spec.background == WHITE or self.stands_on_white
        subject = self.white_subject if white else self.subject
        fill = min(1.0, spec.fill_min + FILL_MARGIN) if spec.fill_min else 0.0
        size = self.size_of(spec)
        # On white, padding costs nothing and shows the product whole with its margins; a crop would not.
        window = window_for(self.frame, size, subject, Fit.PAD if white else spec.fit, fill)
        _ = self.white_image if white else self.image
        return View(window, size, white)

    def size_of(self, spec: RenditionSpec) -> tuple[int, int]:
        """Return the file's (width, height): the recipe's, or for a detail page the master's own shape."""
        if not spec.slice_height:
            return spec.width, spec.height
        height = max(LEAST_HEIGHT, round(spec.width * self.frame[1] / self.frame[0]))
        if height > MOST_SLICES * spec.slice_height:
            raise ExportFailed(
                f"The page would be {height} px high; {MOST_SLICES} slices of {spec.slice_height} are most."
            )
        return spec.width, height

    def drawn(self, view: View) -> Image.Image:
        """Return the view's pixels; every call draws anew."""
        upscaler = self.tools.upscaler
        if not view.white:
            return framed(self.image, view.window, self.subject, view.size, upscaler)
        return framed_on_white(
            self.white_image, self.white.background, view.window, self.white_subject, view.size, upscaler
        )

    def subject_in(self, view: View) -> Box:
        """Return the product's box in px of the drawn view."""
        box = self.white_subject if view.white else self.subject
        scale = view.size[0] / view.window.width
        left, top = view.window.left, view.window.top
        return Box(
            (box.left - left) * scale,
            (box.top - top) * scale,
            (box.right - left) * scale,
            (box.bottom - top) * scale,
        )

    def enlarged_from(self, view: View) -> tuple[int, int] | None:
        """Return the size in px of the master's part that the view enlarges; None when there is none."""
        if view.window.width >= view.size[0]:
            return None
        shown = view.window.clipped(self.frame)
        return round(shown.width), round(shown.height)
