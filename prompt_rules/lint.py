"""Everything that is wrong or worth knowing about a folder of tables, not only the first thing."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from prompt_rules.cases import RuleCase, failing, read_cases
from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import Rule, Slot
from prompt_rules.table_cells import parse_row
from prompt_rules.table_files import cells_of, checked_header, table_paths
from prompt_rules.table_proofs import faults_in
from prompt_rules.tables import RuleTables
from schemas import Schema

Cells = Sequence[Sequence[str]]


class Weight(StrEnum):
    """How much a finding matters."""

    FAULT = "fault"  #: the tables cannot be loaded, or a case does not hold
    NOTE = "note"  #: they can; somebody may want to know


class Finding(Schema):
    """One thing that lint found, as a sentence that names file, row and column where there is one."""

    weight: Weight
    sentence: str


def lint(folder: Path) -> tuple[Finding, ...]:
    """Read and prove the tables of `folder`, and try their cases; return all that is found.

    Rows that cannot be read are named and left out of the proofs, which otherwise need whole tables.
    """
    cells: dict[str, Cells] = {}
    faults: list[RuleTableInvalid] = []
    for path in table_paths(folder):
        try:
            cells[path.name] = cells_of(path)
        except RuleTableInvalid as error:
            faults.append(error)
    rules = tuple(_rules(cells, faults))
    return _linted(rules, faults, _read_cases(folder)).findings


class Linted(Schema):
    """What is wrong or worth knowing, and the tables unless a fault keeps them from being used."""

    findings: tuple[Finding, ...]
    tables: RuleTables | None


def lint_cells(cells: Mapping[str, Cells], folder: Path) -> Linted:
    """Prove tables given as cells by file name, the header first, and try the cases beside `folder`.

    A case that does not hold is found and the tables are returned all the same: whoever changes what a row
    is for changes its case, too. Cases of rows that are gone are left out.
    """
    faults: list[RuleTableInvalid] = []
    rules = tuple(_rules(cells, faults))
    known = {rule.id for rule in rules}
    return _linted(rules, faults, tuple(case for case in read_cases(folder) if case.rule in known))


def _linted(
    rules: tuple[Rule, ...], faults: list[RuleTableInvalid], cases: tuple[RuleCase, ...] | RuleTableInvalid
) -> Linted:
    faults += list(faults_in(rules))
    if faults:
        wrong = (Finding(weight=Weight.FAULT, sentence=fault.message) for fault in faults)
        return Linted(findings=tuple(wrong), tables=None)
    tables = RuleTables(rules=rules)
    return Linted(findings=(*_cases(cases, tables), *_notes(rules)), tables=tables)


def _read_cases(folder: Path) -> tuple[RuleCase, ...] | RuleTableInvalid:
    try:
        return read_cases(folder)
    except RuleTableInvalid as error:
        return error


def _rules(cells: Mapping[str, Cells], faults: list[RuleTableInvalid]) -> Iterator[Rule]:
    """Yield the rows that can be read, in the order of the files' names; add what is wrong to `faults`."""
    for name in sorted(cells):
        try:
            header, *rows = cells[name] or [[]]
            checked_header(name, header)
        except RuleTableInvalid as error:
            faults.append(error)
            continue
        for number, row in enumerate(rows, start=2):
            if any(row):
                try:
                    yield parse_row(name, number, dict(zip(header, row, strict=True)))
                except RuleTableInvalid as error:
                    faults.append(error)


def _cases(cases: tuple[RuleCase, ...] | RuleTableInvalid, tables: RuleTables) -> list[Finding]:
    if isinstance(cases, RuleTableInvalid):
        return [Finding(weight=Weight.FAULT, sentence=cases.message)]
    tried = {case.rule for case in cases}
    wrong = [f"cases: {problem}." for case in cases if (problem := failing(case, tables))]
    missing = [
        f"{rule.place}: {rule.id} has no case." for rule in tables.index.active if rule.id not in tried
    ]
    return [
        *(Finding(weight=Weight.FAULT, sentence=sentence) for sentence in wrong),
        *(Finding(weight=Weight.NOTE, sentence=sentence) for sentence in missing if cases),
    ]


def _notes(rules: Sequence[Rule]) -> list[Finding]:
    sentences = [f"{rule.place}: {rule.id} is switched off." for rule in rules if not rule.enabled]
    sentences += [
        f"{rule.place}: {rule.id} has fewer than three distractors: {rule.few_distractors}."
        for rule in rules
        if rule.enabled and rule.few_distractors
    ]
    sentences += [
        f"{rule.place}: {rule.id} has no Shopify id, as none could be verified."
        for rule in rules
        if rule.enabled and rule.slot is Slot.SUBJECT and not rule.shopify
    ]
    return [Finding(weight=Weight.NOTE, sentence=sentence) for sentence in sentences]
