"""What a check of `packshot doctor` found: how it is to be taken, a sentence, and what mends it."""

from enum import StrEnum

from schemas import Schema


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"  #: nothing to do
    WARN = "warn"  #: it works, with a limit that somebody should know
    BAD = "bad"  #: something will not work


class Finding(Schema):
    """What one check found."""

    check: str
    level: Level
    says: str
    fix: str = ""


def ok(check: str, says: str) -> Finding:
    """Say that nothing is to be done."""
    return Finding(check=check, level=Level.OK, says=says)


def warn(check: str, says: str, fix: str) -> Finding:
    """Say that something has a limit."""
    return Finding(check=check, level=Level.WARN, says=says, fix=fix)


def bad(check: str, says: str, fix: str) -> Finding:
    """Say that something will not work."""
    return Finding(check=check, level=Level.BAD, says=says, fix=fix)
