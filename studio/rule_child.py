"""Reads an untrusted copy of rule tables in a process of its own with little memory and time.

    python -m studio.rule_child COPY CASES [EDITED]

COPY holds tables as text, EDITED one table as .csv or all as .xlsx, CASES the folder whose cases are tried.
"""

import sys
from pathlib import Path

from studio.sheet_child import limit


def _text(path: Path) -> str:
    """Read a file as UTF-8; raise RuleTableInvalid for another encoding."""
    from prompt_rules import RuleTableInvalid

    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleTableInvalid(f"{path.name} is not UTF-8; save it as CSV UTF-8.") from error


def main(arguments: list[str]) -> int:
    """Lint the copy with the edited table in it; return 3 with a sentence when it cannot be read."""
    from prompt_rules import RuleTables
    from prompt_rules.lint import lint_cells
    from prompt_rules.table_files import cells_in
    from prompt_rules.table_texts import cells_of_tables
    from prompt_rules.workbooks import tables_in
    from schemas import AssetError
    from studio.rule_trials import Trial

    limit()
    copy, cases, *edited = map(Path, arguments)
    try:
        cells = cells_of_tables(RuleTables.from_text(copy.read_text(encoding="utf-8")))
        for path in edited:
            if path.suffix == ".xlsx":
                cells = {f"{name}.csv": rows for name, rows in tables_in(path).items()}
            else:
                cells[path.name] = cells_in(path.name, _text(path))
        linted = lint_cells(cells, cases)
    except AssetError as error:
        sys.stderr.write(error.message)
        return 3
    sys.stdout.write(Trial.of(linted).model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
