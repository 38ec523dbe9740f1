"""Showing a part of a master larger than it is. A rendition made so records `upscaled_from`."""

from typing import Protocol

from PIL import Image


class Upscaler(Protocol):
    """Whoever can enlarge a picture: Lanczos here, a network elsewhere."""

    def enlarged(
        self, image: Image.Image, box: tuple[float, float, float, float], size: tuple[int, int]
    ) -> Image.Image:
        """Show `box` (left, top, right, bottom in px) of the RGB image at exactly `size` (width, height).

        The same arguments must give the same pixels.
        """
        ...


class Lanczos:
    """Windowed-sinc interpolation over three source px: sharp, invents nothing."""

    def enlarged(
        self, image: Image.Image, box: tuple[float, float, float, float], size: tuple[int, int]
    ) -> Image.Image:
        """Resize with Pillow."""
        return image.resize(size, Image.Resampling.LANCZOS, box)


LANCZOS = Lanczos()
"""The upscaler that needs nothing; it keeps no state."""
