"""What can go wrong between a RenderJob and its files.

RenderError
  CoreBusy          429  retryable
  CoreUnavailable   503  retryable
  RenderTimedOut    504  retryable
  OutOfMemory       500
  RenderCancelled   409
  InvalidRender     422
  DegeneratePicture 500  retryable
  ScoringFailed     500  retryable
  WeightsInvalid    500
  ExportFailed      500
"""

from schemas import AssetError


class RenderError(AssetError):
    """The core could not make the picture."""


class CoreBusy(RenderError):
    """The core's queue is full; send the job again later."""

    retryable = True
    status = 429


class CoreUnavailable(RenderError):
    """The core does not answer or is not ready yet."""

    retryable = True
    status = 503


class RenderTimedOut(RenderError):
    """The picture was not made before its deadline."""

    retryable = True
    status = 504


class OutOfMemory(RenderError):
    """The device has not enough memory for this picture even alone; ask for a smaller one."""

    status = 500


class RenderCancelled(RenderError):
    """The job was cancelled before its picture was made."""

    status = 409


class InvalidRender(RenderError):
    """The variant cannot honour this size, text or negative prompt."""

    status = 422


class DegeneratePicture(RenderError):
    """The picture came out with values that are not numbers, or all one colour."""

    retryable = True
    status = 500


class ScoringFailed(RenderError):
    """The picture was made but could not be scored."""

    retryable = True
    status = 500


class WeightsInvalid(RenderError):
    """The model weights are missing or damaged."""

    status = 500


class ExportFailed(RenderError):
    """The master cannot be turned into the file that the channel wants."""

    status = 500
