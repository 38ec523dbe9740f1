"""The command line.

Exit codes: 0 done, 1 the input or the machine stops us, 2 wrong usage, 3 done with gaps, 130 interrupted.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from packshot.calibrate_commands import calibrate
from packshot.campaign_commands import campaigns_app, estimate_of, produce, sweep
from packshot.catalog_commands import catalog_app
from packshot.core_commands import core_app
from packshot.deploy_commands import deploy
from packshot.doctor_commands import doctor
from packshot.environment import our_settings
from packshot.export_commands import export_app
from packshot.rules_commands import rules_app
from packshot.studio_commands import studio_app
from packshot.up_commands import up
from packshot.webhook_commands import webhooks_app
from packshot.worker_commands import worker
from schemas import AssetError, FormInvalid
from schemas.request_ids import new_request_id, under_request

if TYPE_CHECKING:
    from packshot.production import Terms

DONE, STOPPED, GAPS, INTERRUPTED = 0, 1, 3, 130

app = typer.Typer(
    name="packshot",
    help="Turn structured product forms into channel-ready product pictures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(campaigns_app)
app.command()(produce)
app.command()(sweep)
app.add_typer(export_app)
app.add_typer(rules_app)
app.add_typer(catalog_app)
app.command()(calibrate)
app.add_typer(core_app)
app.add_typer(studio_app)
app.add_typer(webhooks_app)
app.command()(deploy)
app.command()(up)
app.command()(doctor)
app.command(hidden=True)(worker)

FormsFile = Annotated[Path, typer.Argument(help="A .csv, .xlsx or .jsonl file, one product form a row.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the catalog, the pictures and the gallery.")]
Estimate = Annotated[bool, typer.Option("--estimate", help="Only say what it will take.")]
Priority = Annotated[
    int | None, typer.Option("--priority", min=-100, max=100, help="Larger goes first; 0 is usual.")
]
Due = Annotated[
    datetime | None,
    typer.Option(
        "--due", help="When it is wanted, in UTC unless it says otherwise; pages and lists show it."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


@app.command()
def demo(out: Out = Path("packshot-demo"), as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Make the sample catalogue: some thirty shots of sixteen products, with a gallery to look at."""
    from packshot.locations import EXAMPLE_FORMS

    raise typer.Exit(_run(EXAMPLE_FORMS, "demo", out, {}, as_json=as_json))


@app.command()
def run(
    forms: FormsFile,
    campaign: Annotated[str, typer.Option("--campaign", help="The name the pictures are kept under.")],
    out: Out = Path("packshot-out"),
    priority: Priority = None,
    due: Due = None,
    estimate: Estimate = False,  # noqa: FBT002 - typer's way of a flag
    as_json: Json = False,  # noqa: FBT002 - the same
) -> None:
    """Make the pictures of everybody's forms; rows with a bad cell are named and left out."""
    if estimate:
        raise typer.Exit(_estimate(forms, campaign, out, as_json=as_json))
    terms: Terms = {"priority": priority, "due_at": _moment(due)}
    raise typer.Exit(_run(forms, campaign, out, terms, as_json=as_json))


@app.command()
def check(forms: FormsFile, out: Out = Path("packshot-out"), as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Validate only: name every bad cell by file, row and column, and start nothing."""
    from packshot.production import checked_forms, tables_at
    from packshot.report import print_check

    settings = our_settings()
    checked = checked_forms(forms, settings, tables_at(settings, out))
    print_check(forms, checked, as_json=as_json)
    raise typer.Exit(STOPPED if checked.problems else DONE)


def _moment(given: datetime | None) -> datetime | None:
    """Return a time with its zone, UTC when none was named; raise FormInvalid for one that has passed."""
    if given is None:
        return None
    moment = given if given.tzinfo else given.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise FormInvalid(f"--due {given:%Y-%m-%d %H:%M} has passed; name a time that is to come.")
    return moment


def _run(forms: Path, campaign: str, out: Path, terms: "Terms", *, as_json: bool) -> int:
    """Produce `forms` under `out` and report; return the exit code."""
    from flows.services import open_records
    from packshot.gallery import write_gallery
    from packshot.production import campaign_name, checked_forms, produce, tables_at, workspace_at
    from packshot.report import print_check, print_production, progress_to

    settings = our_settings()
    campaign_name(campaign)
    checked = checked_forms(forms, settings, tables_at(settings, out))
    if not checked.forms:
        print_check(forms, checked, as_json=as_json)
        return STOPPED
    workspace = workspace_at(out)
    with open_records(settings, workspace) as records, under_request(new_request_id()):
        try:
            with progress_to(Console(stderr=True, quiet=as_json)) as watch:
                production = produce(checked, campaign, workspace, settings, records, watch, terms)
        except KeyboardInterrupt:
            sys.stderr.write("packshot: Stopped; what was made is kept, and the same command goes on.\n")
            return INTERRUPTED
        page = write_gallery(workspace, production, records)
    print_production(production, page, as_json=as_json)
    return DONE if production.complete else GAPS


def _estimate(forms: Path, campaign: str, out: Path, *, as_json: bool) -> int:
    """Print what `forms` will take; return the exit code."""
    from flows.services import open_records
    from packshot.production import campaign_name, checked_forms, tables_at, workspace_at
    from packshot.report import print_check

    settings = our_settings()
    campaign_name(campaign)
    checked = checked_forms(forms, settings, tables_at(settings, out))
    if not checked.forms:
        print_check(forms, checked, as_json=as_json)
        return STOPPED
    with open_records(settings, workspace_at(out)) as records:
        told = estimate_of(checked, campaign, records, settings)
    sys.stdout.write((told.model_dump_json() if as_json else told.sentence) + "\n")
    return DONE


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every expected trouble ends as one sentence on standard error and exit code 1."""
    try:
        app(args=arguments)
    except AssetError as error:
        _stop(error.message)
    except OSError as error:
        _stop(_os_sentence(error))


def _stop(sentence: str) -> Any:
    sys.stderr.write(f"packshot: {sentence}\n")
    sys.exit(STOPPED)


def _os_sentence(error: OSError) -> str:
    """Say an operating system error as a sentence that names the file."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}."
