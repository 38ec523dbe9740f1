"""What can go wrong between a person and a page.

StudioError
  SignInNeeded      401
  SignInRefused     401
  RoleMissing       403
  ScopeMissing      403
  PasswordChangeNeeded  403
  FormExpired       403
  TooManyTries      429  retryable
  PasswordRefused   422
  UserNameRefused   422
  TablesFixed       409
  SheetGone         410
  FileMissing       422
  TooManyRows       422
  FormRefused       422
  TooManyStreams    503  retryable
  DefectMissing     422
  DefectTooBad      422
  NothingToReproduce  409
  CoreMissing       503
"""

from schemas import AssetError


class StudioError(AssetError):
    """The studio cannot do that."""

    status = 422


class SignInNeeded(StudioError):
    """Sign in first, or send an API key."""

    status = 401


class SignInRefused(StudioError):
    """This name and password do not fit."""

    status = 401


class RoleMissing(StudioError):
    """Your roles do not allow this."""

    status = 403


class ScopeMissing(StudioError):
    """This key was not made for that."""

    status = 403


class PasswordChangeNeeded(StudioError):
    """Your password is to be used once; choose your own before anything else."""

    status = 403


class FormExpired(StudioError):
    """The page is from another session or too old; load it again and repeat the step."""

    status = 403


class TooManyTries(StudioError):
    """Too many failed sign-ins; wait a minute."""

    retryable = True
    status = 429


class PasswordRefused(StudioError):
    """This password is too easily guessed; choose a longer one."""


class UserNameRefused(StudioError):
    """A name has 1 to 64 letters, digits, spaces or . @ ' - and begins and ends with a letter or digit."""


class SheetGone(StudioError):
    """This sheet was checked too long ago; upload it again."""

    status = 410


class FileMissing(StudioError):
    """No file came with this request; choose one, or paste rows."""


class TablesFixed(StudioError):
    """PACKSHOT_RULES__TABLES names the rule tables; remove that setting before others can come into force."""

    status = 409


class FormRefused(StudioError):
    """This form cannot be made as it stands; its fields say why."""

    status = 422


class TooManyStreams(StudioError):
    """Too many pages are watching at this moment; reload in a minute."""

    retryable = True
    status = 503


class DefectMissing(StudioError):
    """A rejection needs at least one defect; choose what is wrong."""


class DefectTooBad(StudioError):
    """An accepted picture can have minor defects only; reject this one."""


class TooManyRows(StudioError):
    """This is too long for a workbook; take the results as CSV."""
