"""From the decoder's values to a RenderResult: guard, encode, score, sign."""

import io

import numpy as np
from PIL import Image

from schemas import AssetError, Provenance, RenderResult, Scores
from zimage_core.errors import DegeneratePicture, ScoringFailed
from zimage_core.ports import Backend, Picture, Scorer, Values
from zimage_core.render_queue import Ticket

PNG_LEVEL = 1
"""zlib level; level 1 takes a tenth of the default's time for a tenth more bytes."""


class Finisher:
    """Turns decoded values into the RenderResult that leaves the core."""

    def __init__(self, backend: Backend, scorer: Scorer) -> None:
        """Sign results as `backend`'s and measure them with `scorer`."""
        self.backend = backend
        self.scorer = scorer

    def finish(self, ticket: Ticket, values: Values) -> RenderResult:
        """Return the result of a ticket; raise DegeneratePicture or ScoringFailed."""
        picture = picture_of(values)
        return RenderResult(
            job_id=ticket.id,
            png=png_of(picture),
            scores=self._scores(picture, ticket),
            provenance=self._provenance(ticket),
        )

    def _scores(self, picture: Picture, ticket: Ticket) -> Scores:
        try:
            return self.scorer.score(picture, ticket.job.claims)
        except AssetError:
            raise
        except Exception as error:
            raise ScoringFailed(job_id=ticket.id, cause=f"{type(error).__name__}: {error}") from error

    def _provenance(self, ticket: Ticket) -> Provenance:
        preset = ticket.job.preset
        widths = "+".join(str(width) for width in sorted(ticket.widths, reverse=True))
        return Provenance(
            variant=preset.variant,
            weights=self.backend.weights(preset.variant),
            preset=preset,
            seed=ticket.job.seed,
            shape_key=f"{ticket.key}-w{widths}",
            versions=self.backend.versions,
            device=self.backend.device,
            device_seconds=ticket.device_seconds,
        )


def picture_of(values: Values) -> Picture:
    """Clip and round decoded values to 8 bits as diffusers does; raise DegeneratePicture for no picture.

    The test for finite values comes first: a cast would turn NaN into pure black without a word.
    """
    if not np.isfinite(values).all():
        raise DegeneratePicture("The model produced values that are not numbers; try again.")
    picture: Picture = (np.clip(values, 0.0, 1.0) * np.float32(255)).round().astype(np.uint8)
    if (picture == picture[0, 0]).all():
        colour = "#" + bytes(picture[0, 0]).hex()
        raise DegeneratePicture(f"The picture is all one colour, {colour}.", colour=colour)
    return picture


def png_of(picture: Picture) -> bytes:
    """Encode a picture as PNG without metadata; the same picture gives the same bytes."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG", compress_level=PNG_LEVEL)
    return file.getvalue()
