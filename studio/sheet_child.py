"""Reads an untrusted form sheet in a process of its own with little memory and time; answers in JSON.

    python -m studio.sheet_child FILE [TABLES [RECIPES]]
    python -m studio.sheet_child --cells FILE

A hostile spreadsheet can cost minutes and gigabytes in any reader; here it costs this process its life.
"""

import json
import resource
import sys
from pathlib import Path

MEMORY = 1536 << 20
CPU_S = 20
FILES = 64


def limit() -> None:
    """Take memory, time and files away from this process, and the right to write any file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


def main(arguments: list[str]) -> int:
    """Read, check and print; return 3 with a sentence on standard error when the sheet cannot be read."""
    from prompt_rules import RuleTables, check_forms, default_tables_folder, read_cells, read_forms
    from schemas import AssetError
    from studio.sheets import CheckedSheet
    from zimage_core.renditions import recipes_at

    limit()
    try:
        if arguments[0] == "--cells":
            sys.stdout.write(read_cells(Path(arguments[1])).model_dump_json())
            return 0
        path, tables_at, recipes_path = (*arguments, "", "")[:3]
        if tables_at.endswith(".json"):
            tables = RuleTables.from_text(Path(tables_at).read_text(encoding="utf-8"))
        else:
            tables = RuleTables.load(Path(tables_at) if tables_at else default_tables_folder())
        recipes = recipes_at(Path(recipes_path) if recipes_path else None)
        offered = {shot for spec in recipes.specs for shot in spec.shots}
        sheet = read_forms(Path(path), tables, recipes.channels, offered)
        checked = CheckedSheet.of(sheet, check_forms(sheet, tables))
    except AssetError as error:
        sys.stderr.write(json.dumps([error.message, error.context.get("why", "")]))
        return 3
    sys.stdout.write(checked.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
