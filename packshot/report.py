"""What a command says: a progress bar while it works, and a table or JSON at the end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.outcomes import ShotOutcome
from packshot.production import CheckedForms, Production
from schemas import canonical_json

Watch = Callable[[int], Callable[[ShotOutcome], None]]

SHOWN_PROBLEMS = 200
"""A file that is wrong throughout need not fill the terminal; the JSON has them all."""


@contextmanager
def progress_to(console: Console) -> Iterator[Watch]:
    """Show one bar that moves with each decided shot; it appears when the number of shots is known."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=console.quiet) as progress:

        def watch(total: int) -> Callable[[ShotOutcome], None]:
            bar = progress.add_task("starting the core and Prefect", total=total)

            def tell(outcome: ShotOutcome) -> None:
                what = f"{outcome.sku} {outcome.shot_type}: {outcome.outcome}"
                progress.update(bar, advance=1, description=what.ljust(44)[:44])

            return tell

        yield watch


def print_check(path: Path, checked: CheckedForms, *, as_json: bool) -> None:
    """Print every bad cell as a sentence, or how many forms are ready."""
    sentences = [problem.sentence for problem in checked.problems]
    if as_json:
        _print_json({"rows": checked.rows, "forms": len(checked.forms), "problems": sentences})
        return
    _print_problems(sentences)
    ready, rows = len(checked.forms), checked.rows
    sys.stdout.write(f"{path.name}: {ready} of {rows} rows are ready.\n")


def print_production(production: Production, page: Path, *, as_json: bool) -> None:
    """Print the table of results and the page to open, or everything as JSON."""
    if as_json:
        _print_json(production.model_dump(mode="json") | {"page": str(page)})
        return
    _print_problems(production.problems)
    _print_problems(production.gaps)
    console = Console(file=sys.stdout)
    console.print(_table(production))
    console.print(_made(production))
    sys.stdout.write(f"Open {page}\n")


def _table(production: Production) -> Table:
    summary = production.summary
    table = Table(title=f"Campaign {production.campaign}", title_justify="left")
    cells = {
        "shots": summary.shots,
        "accepted on Turbo": summary.accepted_turbo,
        "saved by Base": summary.saved_by_base,
        "sent to review": summary.needs_review,
        **({"unfinished": summary.unfinished} if summary.unfinished else {}),
        "renditions": summary.renditions,
        "seconds": f"{production.seconds:.1f}",
    }
    for heading in cells:
        table.add_column(heading, justify="right")
    table.add_row(*(str(value) for value in cells.values()))
    return table


def _made(production: Production) -> str:
    if not production.made_attempts and not production.made_renditions:
        return "Nothing was due: every picture and file was there already."
    attempts, renditions = production.made_attempts, production.made_renditions
    return f"This run made {attempts} pictures and {renditions} renditions."


def _print_problems(sentences: list[str] | tuple[str, ...]) -> None:
    for sentence in sentences[:SHOWN_PROBLEMS]:
        sys.stderr.write(f"{sentence}\n")
    hidden = len(sentences) - SHOWN_PROBLEMS
    if hidden > 0:
        sys.stderr.write(f"... and {hidden} more; --json prints them all.\n")


def _print_json(value: object) -> None:
    sys.stdout.write(canonical_json(value).decode() + "\n")
