"""Everything that is wrong or worth knowing about a folder of tables, not only the first thing."""

from enum import StrEnum
from pathlib import Path

from prompt_rules.cases import failing, read_cases
from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import Rule, Slot
from prompt_rules.table_cells import parse_row
from prompt_rules.table_files import cells_of, checked_header, table_paths
from prompt_rules.table_proofs import faults_in
from prompt_rules.tables import RuleTables
from schemas import Schema


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
    rules, faults = _read(folder)
    faults += list(faults_in(tuple(rules)))
    found = [Finding(weight=Weight.FAULT, sentence=fault.message) for fault in faults]
    if faults:
        return tuple(found)
    return (*_cases(folder, RuleTables(rules=tuple(rules))), *_notes(rules))


def _read(folder: Path) -> tuple[list[Rule], list[RuleTableInvalid]]:
    rules: list[Rule] = []
    faults: list[RuleTableInvalid] = []
    for path in table_paths(folder):
        try:
            header, *rows = cells_of(path)
            checked_header(path.name, header)
        except RuleTableInvalid as error:
            faults.append(error)
            continue
        for number, row in enumerate(rows, start=2):
            if any(row):
                try:
                    rules.append(parse_row(path.name, number, dict(zip(header, row, strict=True))))
                except RuleTableInvalid as error:
                    faults.append(error)
    return rules, faults


def _cases(folder: Path, tables: RuleTables) -> list[Finding]:
    try:
        cases = read_cases(folder)
    except RuleTableInvalid as error:
        return [Finding(weight=Weight.FAULT, sentence=error.message)]
    tried = {case.rule for case in cases}
    wrong = [f"cases: {problem}." for case in cases if (problem := failing(case, tables))]
    missing = [
        f"{rule.place}: {rule.id} has no case." for rule in tables.index.active if rule.id not in tried
    ]
    return [
        *(Finding(weight=Weight.FAULT, sentence=sentence) for sentence in wrong),
        *(Finding(weight=Weight.NOTE, sentence=sentence) for sentence in missing if cases),
    ]


def _notes(rules: list[Rule]) -> list[Finding]:
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
