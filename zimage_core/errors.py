"""What can go wrong between a RenderJob and its files, and between a client and the core's service.

RenderError             about the picture: a flow may record it as an attempt that failed
  CoreBusy          429  retryable
  CoreUnavailable   503  retryable
  RenderTimedOut    504  retryable
  OutOfMemory       500
  RenderCancelled   409
  InvalidRender     422
  DegeneratePicture 500  retryable
  ScoringFailed     500  retryable
  WeightsInvalid    500
  CoreBroke         500
  ExportFailed      500
RequestRefused          about the request: never the fault of a picture
  KeyRefused        401
  NotAllowed        403
  NothingThere      404
  MethodRefused     405
  RequestTooSlow    408
  BodyTooLarge      413
  UnreadablePicture 422
  QuotaReached      429  retryable
  HeadTooLarge      431
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


class CoreBroke(RenderError):
    """The engine cannot go on; the core must be started again."""

    status = 500


class ExportFailed(RenderError):
    """The master cannot be turned into the file that the channel wants."""

    status = 500


class RequestRefused(AssetError):
    """The core does not take this request."""

    status = 400


class RequestTooSlow(RequestRefused):
    """The request did not arrive in time; send it again over a faster connection."""

    status = 408


class KeyRefused(RequestRefused):
    """The request carries no API key that is known here; send one as Authorization: Bearer KEY."""

    status = 401


class NotAllowed(RequestRefused):
    """The API key's role does not allow this request."""

    status = 403


class NothingThere(RequestRefused):
    """There is nothing at this address."""

    status = 404


class MethodRefused(RequestRefused):
    """This address does not answer to this method."""

    status = 405


class BodyTooLarge(RequestRefused):
    """The body of the request is larger than this address takes."""

    status = 413


class HeadTooLarge(RequestRefused):
    """The address and headers of the request are longer than the core reads."""

    status = 431


class UnreadablePicture(RequestRefused):
    """The uploaded picture cannot be used."""

    status = 422


class QuotaReached(RequestRefused):
    """This tenant's share of the core is used up; send the request again later."""

    retryable = True
    status = 429
