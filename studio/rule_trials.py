"""Trying edited copies of the rule tables: a copy travels with its page, so trying changes nothing."""

import base64
import binascii
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Self

from prompt_rules import RuleTableInvalid, RuleTables, default_tables_folder
from prompt_rules.lint import Finding, Linted, Weight
from schemas import Schema
from studio.sheets import TIMEOUT_S, UNREADABLE

MAX_COPY = 8 * 2**20
"""Characters of tables as text; the packaged ones have 400,000."""

MOST_FINDINGS = 200
TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}\.csv")
WORKBOOK = "tables.xlsx"


class Trial(Schema):
    """What lint says of a copy, and the copy as text; empty when a fault keeps it from being used."""

    findings: tuple[Finding, ...]
    text: str

    @classmethod
    def of(cls, linted: Linted) -> Self:
        """Take over what lint found, faults first."""
        faults = [finding for finding in linted.findings if finding.weight is Weight.FAULT]
        notes = [finding for finding in linted.findings if finding.weight is not Weight.FAULT]
        text = linted.tables.text if linted.tables else ""
        return cls(findings=tuple((faults + notes)[:MOST_FINDINGS]), text=text)

    @property
    def faults(self) -> tuple[str, ...]:
        """The sentences that say what is wrong."""
        return tuple(one.sentence for one in self.findings if one.weight is Weight.FAULT)


def packed(text: str) -> str:
    """Pack tables as text into a field of a form."""
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode("ascii")


def unpacked(field: str) -> str:
    """Return what `packed` was given; raises RuleTableInvalid for anything else."""
    try:
        data = base64.b64decode(field, validate=True)
        opened = zlib.decompressobj()
        text = opened.decompress(data, MAX_COPY)
        if opened.unconsumed_tail or not opened.eof:
            raise _damaged()
        return text.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError, ValueError) as error:
        raise _damaged() from error


def _damaged() -> RuleTableInvalid:
    return RuleTableInvalid("The copy of the tables came back damaged; begin again from the tables in force.")


def checked(copy: str, cases: Path | None = None) -> Trial:
    """Prove a copy, given as text; raises RuleTableInvalid when it is no copy of tables at all."""
    return _tried(copy, None, b"", cases)


def tried(copy: str, name: str, data: bytes, cases: Path | None = None) -> Trial:
    """Put an edited table or workbook into a copy and prove the whole.

    `name` ends in .csv for one table, which is replaced or added, and in .xlsx for all. `cases` is the folder
    of tables whose cases are tried; the packaged ones when None. Raises RuleTableInvalid.
    """
    if name.lower().endswith(".xlsx"):
        return _tried(copy, WORKBOOK, data, cases)
    if not TABLE_NAME.fullmatch(name):
        raise RuleTableInvalid(
            f"{name[:60]} is no name of a table; use lower-case letters and .csv, or an .xlsx workbook."
        )
    return _tried(copy, name, data, cases)


def _tried(copy: str, name: str | None, data: bytes, cases: Path | None) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "copy.json"
        given.write_text(copy, encoding="utf-8")
        paths = [str(given), str(cases or default_tables_folder())]
        if name:
            edited = Path(folder) / name
            edited.write_bytes(data)
            paths.append(str(edited))
        return _answer(paths)


def _answer(paths: list[str]) -> Trial:
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "studio.rule_child", *paths],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuleTableInvalid("The tables take too long to be proven; edit fewer rows at a time.") from error
    if done.returncode == 0:
        return Trial.model_validate_json(done.stdout)
    if done.returncode == UNREADABLE:
        raise RuleTableInvalid(done.stderr)
    raise RuleTableInvalid("The tables are too large or damaged to be read; save them anew.")


def tables_of(trial: Trial) -> RuleTables:
    """Return a proven copy's tables; raises RuleTableInvalid naming the first fault of one that is not."""
    if not trial.text:
        raise RuleTableInvalid(trial.faults[0] if trial.faults else "The copy holds no tables.")
    return RuleTables.from_text(trial.text)
