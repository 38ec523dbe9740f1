"""Commands for those who own the rule tables: lint, explain, diff, coverage, export, import and schema.

Exit codes as everywhere: 0 done, 1 the input stops us, 3 done with findings.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from packshot.environment import our_settings
from schemas import FormInvalid, ProductForm, Schema, ShotType

rules_app = typer.Typer(
    name="rules", help="Look after the rule tables that turn forms into prompts.", no_args_is_help=True
)

FormsFile = Annotated[Path, typer.Argument(help="A .csv, .xlsx or .jsonl file, one product form a row.")]
Tables = Annotated[
    Path | None, typer.Option("--tables", help="Folder of the tables; the configured ones when left out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]

if TYPE_CHECKING:
    from prompt_rules import RuleTables
    from prompt_rules.explanations import Explanation

_COLOURS = (
    "cyan",
    "green",
    "yellow",
    "magenta",
    "blue",
    "red",
    "bright_cyan",
    "bright_green",
    "bright_magenta",
)
_FOUND = 3


@rules_app.command()
def lint(tables: Tables = None, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Name everything that is wrong with the tables, and what is worth knowing; try every case."""
    from prompt_rules.lint import Weight
    from prompt_rules.lint import lint as find

    findings = find(_folder(tables))
    faults = [finding for finding in findings if finding.weight is Weight.FAULT]
    if as_json:
        _print_json(findings)
    else:
        console = _console()
        for finding in findings:
            console.print(Text(finding.sentence, "bold red" if finding.weight is Weight.FAULT else "dim"))
        console.print(f"{len(faults)} faults, {len(findings) - len(faults)} notes.")
    raise typer.Exit(1 if faults else 0)


@rules_app.command()
def explain(
    forms: FormsFile,
    sku: Annotated[str, typer.Option("--sku", help="The product to explain.")],
    shot: Annotated[ShotType, typer.Option("--shot", help="The shot to explain.")],
    attempt: Annotated[int, typer.Option("--attempt", min=0, help="0 is the canonical prompt.")] = 0,
    tables: Tables = None,
    as_json: Json = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Show one prompt with its words coloured by the row that wrote them, and rows that nearly fired."""
    from prompt_rules.explanations import explain as explained

    rules = _loaded(tables)
    form = next((form for form in _forms(forms, rules) if form.sku == sku), None)
    if form is None:
        raise FormInvalid(f"{forms.name} holds no form with the SKU {sku!r} that can be used.")
    explanation = explained(form, shot, rules, attempt)
    if as_json:
        _print_json(explanation)
    else:
        _print_explanation(explanation)


@rules_app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Folder of the old tables.")],
    new: Annotated[Path, typer.Argument(help="Folder of the new tables.")],
    forms: FormsFile,
    as_json: Json = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Say which shots' prompts change between two folders of tables, and how."""
    from prompt_rules import RuleTables
    from prompt_rules.comparisons import changes

    before, after = RuleTables.load(old), RuleTables.load(new)
    found = list(changes(_forms(forms, after), before, after))
    if as_json:
        _print_json(found)
    else:
        console = _console()
        for change in found:
            console.print(Text(f"{change.sku} {change.shot}", "bold"))
            console.print(Text(f"- {change.old}", "red"))
            console.print(Text(f"+ {change.new}", "green"))
            rows = [*(f"-{rule}" for rule in change.gone), *(f"+{rule}" for rule in change.added)]
            rows += ["claims change"] if change.claims_changed else []
            console.print(Text(f"  {', '.join(rows)}", "dim"))
        console.print(f"{len(found)} shots change.")
    raise typer.Exit(_FOUND if found else 0)


@rules_app.command()
def coverage(forms: FormsFile, tables: Tables = None, as_json: Json = False) -> None:  # noqa: FBT002 - the same
    """Name the rows that no form uses, and the forms that get nothing but defaults."""
    from prompt_rules.coverage import coverage as covered

    rules = _loaded(tables)
    found = covered(_forms(forms, rules), rules)
    if as_json:
        _print_json(found)
        return
    console = _console()
    console.print(f"{found.shots} shots use {len(found.used)} rows; {len(found.unused)} rows are never used:")
    for rule in found.unused:
        console.print(Text(f"  {rule}", "dim"))
    console.print(
        f"{len(found.defaults_only)} forms got defaults only: {', '.join(found.defaults_only) or '-'}"
    )
    if found.failed:
        console.print(Text(f"{len(found.failed)} forms cannot be compiled: {', '.join(found.failed)}", "red"))


@rules_app.command(name="export")
def export_tables(
    workbook: Annotated[Path, typer.Argument(help="The .xlsx file to write.")], tables: Tables = None
) -> None:
    """Write all tables into one workbook, a sheet for each, for editing in a spreadsheet."""
    from prompt_rules.workbooks import export_workbook

    count = export_workbook(_folder(tables), workbook)
    _console().print(f"{count} tables are in {workbook}.")


@rules_app.command(name="import")
def import_tables(
    workbook: Annotated[Path, typer.Argument(help="A workbook that export wrote and somebody edited.")],
    tables: Annotated[Path, typer.Option("--tables", help="Folder whose tables are replaced.")],
) -> None:
    """Prove the workbook's tables and put them into a folder; a fault changes nothing."""
    from prompt_rules.workbooks import import_workbook

    proven = import_workbook(workbook, tables)
    _console().print(f"{len(proven.rules)} rows are in {tables}; their fingerprint is {proven.fingerprint}.")


@rules_app.command()
def schema(tables: Tables = None) -> None:
    """Print the JSON Schema of a product form, with titles, help and values in English and Chinese."""
    from prompt_rules.form_schema import form_schema
    from zimage_core.renditions import recipes_at

    recipes = recipes_at(our_settings().recipes.table)
    shots = [kind for kind in ShotType if any(kind in spec.shots for spec in recipes.specs)]
    typer.echo(
        json.dumps(form_schema(_loaded(tables), tuple(recipes.channels), shots), ensure_ascii=False, indent=2)
    )


def _folder(tables: Path | None) -> Path:
    from prompt_rules import default_tables_folder

    return tables or our_settings().rules.tables or default_tables_folder()


def _loaded(tables: Path | None) -> "RuleTables":
    from prompt_rules import RuleTables

    return RuleTables.load(_folder(tables))


def _forms(path: Path, rules: "RuleTables") -> tuple[ProductForm, ...]:
    """Read forms with every shot type allowed, since rules can be looked at before a recipe exists."""
    from prompt_rules import read_forms
    from zimage_core.renditions import recipes_at

    sheet = read_forms(path, rules, recipes_at(our_settings().recipes.table).channels, tuple(ShotType))
    console = Console(stderr=True, soft_wrap=True)
    for problem in sheet.problems:
        console.print(Text(problem.sentence, "yellow"))
    return sheet.forms


def _console() -> Console:
    return Console(soft_wrap=True)


def _print_json(value: Schema | Sequence[Schema]) -> None:
    if isinstance(value, Schema):
        shown: object = value.model_dump(mode="json")
    else:
        shown = [each.model_dump(mode="json") for each in value]
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


def _print_explanation(explanation: "Explanation") -> None:
    console, spec = _console(), explanation.spec
    rows = dict.fromkeys(part.rule for part in explanation.parts if part.rule)
    styles = {rule: _COLOURS[number % len(_COLOURS)] for number, rule in enumerate(rows)}
    console.print(Text.assemble(*((part.words, styles.get(part.rule, "")) for part in explanation.parts)))
    if spec.negative:
        console.print(Text(f"not: {spec.negative}", "red"))
    console.print(Text(f"up to {spec.tokens} tokens, tables {spec.tables}", "dim"))
    for entry in spec.trace:
        rule = (f"  {entry.rule}", styles.get(entry.rule, ""))
        console.print(Text.assemble(rule, f" {entry.op} {entry.words}  ", (entry.why, "dim")))
    console.print(f"{len(explanation.near)} rows nearly fired:")
    for miss in explanation.near:
        console.print(
            Text.assemble(f"  {miss.rule} ({miss.place}): ", (miss.reason, "dim"), f"  {miss.words}")
        )
