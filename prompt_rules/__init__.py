"""The words: forms are read, and compiled with rule tables into prompts and claims."""

from prompt_rules.checks import check_forms
from prompt_rules.compiler import compile_prompt
from prompt_rules.copy_check import CopyFinding, find_forbidden
from prompt_rules.errors import (
    ForbiddenText,
    NoRuleFits,
    PromptError,
    PromptTooLong,
    RuleConflict,
    RuleTableInvalid,
)
from prompt_rules.problems import CellProblem, FormSheet, SheetCells
from prompt_rules.rules import ClaimKey, Level, Op, Rule, Slot, Value
from prompt_rules.sheets import read_cells, read_forms
from prompt_rules.tables import RuleTables, default_tables_folder, tables_in_force

__all__ = [
    "CellProblem",
    "ClaimKey",
    "CopyFinding",
    "ForbiddenText",
    "FormSheet",
    "Level",
    "NoRuleFits",
    "Op",
    "PromptError",
    "PromptTooLong",
    "Rule",
    "RuleConflict",
    "RuleTableInvalid",
    "RuleTables",
    "SheetCells",
    "Slot",
    "Value",
    "check_forms",
    "compile_prompt",
    "default_tables_folder",
    "find_forbidden",
    "read_cells",
    "read_forms",
    "tables_in_force",
]
