"""Which rule of the tables had a say in which prompt, so that a rule's pictures are found in an index."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from catalog.insertion import insert_missing
from catalog.studio_rows import SpecRuleRow

OWN_WORDS = "form."
"""How the entries of a trace begin that no rule of the tables wrote."""

TRIMMED = "trim"
"""The operation of an entry that fell silent because the text was too long."""


def keep(session: Session, specs: Iterable[Mapping[str, Any]]) -> None:
    """Note the rules of prompts, given as the rows that `specs` was filled with; known ones stay."""
    rows = [
        {"spec_id": spec["id"], "rule": rule} for spec in specs for rule in rules_in(spec["body"]["trace"])
    ]
    insert_missing(session, SpecRuleRow, sorted(rows, key=lambda row: (row["spec_id"], row["rule"])))


def rules_in(trace: Iterable[Mapping[str, str]]) -> list[str]:
    """List the rules of the tables that a trace names, each once."""
    named = (
        entry["rule"] for entry in trace if not entry["rule"].startswith(OWN_WORDS) and entry["op"] != TRIMMED
    )
    return list(dict.fromkeys(named))
