"""What can go wrong with records and the files they point to.

CatalogError
  NotRegistered                   404
  LeaseLost                       409
  VerdictConflict                 409
  AccessRefused                      401
  OwnWork                         403
  NothingToInspect                409
  InspectionStopped               409
  RecordRefused                   422
  ScheduleInvalid                 422
  KeyReused                       422
  RequestInFlight     retryable   409
  PictureGone                     410
  StoreCorrupt                    500
  SchemaOutdated                  500
  CatalogUnavailable  retryable   503
  StoreFull           retryable   507
  IntakeClosed                    507
"""

from schemas import AssetError


class CatalogError(AssetError):
    """The catalog could not do what was asked."""


class NotRegistered(CatalogError):
    """The catalog does not know this; register the campaign's forms first."""

    status = 404


class LeaseLost(CatalogError):
    """Somebody else has taken over this work; drop it."""

    status = 409


class AccessRefused(CatalogError):
    """This key is not known here."""

    status = 401


class OwnWork(CatalogError):
    """You submitted this; somebody else has to review it."""

    status = 403


class NothingToInspect(CatalogError):
    """Nothing was made since the last lot."""

    status = 409


class InspectionStopped(CatalogError):
    """Five lots were refused under tightened inspection; mend the cause first."""

    status = 409


class VerdictConflict(CatalogError):
    """The verdict contradicts one that already stands."""

    status = 409


class RecordRefused(CatalogError):
    """The record contradicts itself or what the catalog already holds."""

    status = 422


class ScheduleInvalid(CatalogError):
    """This is no schedule that ever comes."""

    status = 422


class KeyReused(CatalogError):
    """This Idempotency-Key came with another request before; use a new key for a new request."""

    status = 422


class RequestInFlight(CatalogError):
    """The same request is at work at this moment; ask again for its answer."""

    retryable = True
    status = 409


class PictureGone(CatalogError):
    """This picture was removed or lost; what is known about it stays."""

    status = 410


class StoreCorrupt(CatalogError):
    """A stored file or the database is damaged; restore it from a backup."""


class SchemaOutdated(CatalogError):
    """The database's schema and this program are of different releases; run the newer program."""


class CatalogUnavailable(CatalogError):
    """The catalog's database or folder cannot be reached at the moment; try again."""

    retryable = True
    status = 503


class StoreFull(CatalogError):
    """The disk is full; free some space and run again, nothing is lost."""

    retryable = True
    status = 507


class IntakeClosed(CatalogError):
    """The disk is nearly full, so nothing new is taken in; make room, what was taken in is still worked."""

    status = 507
