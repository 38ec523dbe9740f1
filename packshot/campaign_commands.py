"""Commands for whoever runs campaigns: list, status, pause, resume, cancel, priority; produce and sweep.

Exit codes as everywhere: 0 done, 1 the input or the machine stops us, 3 done with gaps.
"""

import getpass
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from packshot.catalog_place import catalog_place
from packshot.environment import our_settings
from schemas import FormInvalid, Schema, SheetUnreadable, canonical_json

if TYPE_CHECKING:
    from catalog import Campaign, CampaignSummary, Catalog
    from flows.services import Records
    from packshot.production import CheckedForms
    from schemas import ProductForm, Settings
    from schemas.estimates import Estimate

campaigns_app = typer.Typer(name="campaigns", help="Look after campaigns.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="The folder that `packshot run --out` was given.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]
Name = Annotated[str, typer.Argument(help="The campaign's name.")]

_OUT = Path("packshot-out")
_GAPS = 3


@campaigns_app.command(name="list")
def list_campaigns(out: Out = _OUT, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """List all campaigns, with how many of their shots are done."""
    with _catalog(out) as catalog:
        known = [(one, catalog.campaign_summary(one.name)) for one in catalog.campaigns()]
    if as_json:
        _print_json([{"campaign": one.model_dump(mode="json"), "summary": s} for one, s in known])
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("campaign", no_wrap=True)
    for heading in ("state", "priority", "due", "shots", "accepted", "review", "dead", "unfinished"):
        table.add_column(heading)
    for one, summary in known:
        table.add_row(*map(str, _cells(one, summary)))
    Console(file=sys.stdout).print(table)


@campaigns_app.command()
def status(name: Name, out: Out = _OUT, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Say how one campaign stands, and what it cost so far."""
    from schemas.estimates import cost

    costs = our_settings().costs
    with _catalog(out) as catalog:
        one, summary = catalog.campaign(name), catalog.campaign_summary(name)
    price = cost(summary.device_seconds, summary.needs_review, costs)
    if as_json:
        _print_json({"campaign": one, "summary": summary, "cost": price, "currency": costs.currency})
        return
    table = Table("what", "value", title=f"Campaign {name}", title_justify="left")
    for what, value in {
        "state": one.state,
        "priority": one.priority,
        "due": one.due_at or "-",
        **summary.model_dump(exclude={"campaign", "device_seconds"}),
        "device seconds": f"{summary.device_seconds:.1f}",
        "cost": f"{price:.2f} {costs.currency}",
    }.items():
        table.add_row(what.replace("_", " "), str(value))
    Console(file=sys.stdout).print(table)


@campaigns_app.command()
def pause(name: Name, out: Out = _OUT) -> None:
    """Hand out no more shots; what the core was asked for already is still finished and kept."""
    with _catalog(out) as catalog:
        _say(catalog.pause(name, _who()))


@campaigns_app.command()
def resume(name: Name, out: Out = _OUT) -> None:
    """Go on with a paused campaign, or bring a cancelled one back; the next run or sweep works on it."""
    with _catalog(out) as catalog:
        _say(catalog.resume(name, _who()))


@campaigns_app.command()
def cancel(name: Name, out: Out = _OUT) -> None:
    """Call a campaign off: what is not decided is not made; accepted pictures stay."""
    with _catalog(out) as catalog:
        _say(catalog.cancel(name, _who()))


@campaigns_app.command()
def priority(
    name: Name,
    value: Annotated[int, typer.Argument(min=-100, max=100, help="Larger goes first; 0 is usual.")],
    out: Out = _OUT,
) -> None:
    """Change which campaigns are worked before others."""
    with _catalog(out) as catalog:
        _say(catalog.reprioritise(name, value, _who()))


def produce(
    form: Annotated[Path, typer.Argument(help="A .json file with one form, or a sheet with --sku.")],
    sku: Annotated[str | None, typer.Option("--sku", help="The row to take from a sheet.")] = None,
    campaign: Annotated[str, typer.Option("--campaign", help="Where the pictures are kept.")] = "desk",
    out: Out = _OUT,
    as_json: Json = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Make the pictures of one form at once, before all campaigns."""
    from flows.services import open_records
    from packshot.production import campaign_name, working_core, workspace_at
    from packshot.report import progress_to

    settings = our_settings()
    campaign_name(campaign)
    wanted = one_form(form, sku, settings, out)
    workspace = workspace_at(out)
    with (
        open_records(settings, workspace) as records,
        progress_to(Console(stderr=True, quiet=as_json)) as watch,
        working_core(workspace, settings, records, watch(len(wanted.shots))),
    ):
        from flows.produce import produce_form
        from flows.runs import report_of

        report = report_of(lambda: produce_form(campaign, wanted, str(workspace), return_state=True))
    if as_json:
        _print_json(report)
    else:
        ends = ", ".join(f"{count} {ending}" for ending, count in report.endings.items())
        sys.stdout.write(f"{wanted.sku}: {ends or 'nothing'}; {report.renditions} files made.\n")
        sys.stderr.write("".join(f"{gap}\n" for gap in (*report.broken, *report.gaps)))
    raise typer.Exit(0 if report.complete else _GAPS)


def sweep(out: Out = _OUT) -> None:
    """Close dead runs, then work every campaign that has something due, by priority."""
    from flows.services import open_records
    from packshot.production import working_core, workspace_at

    settings = our_settings()
    workspace = workspace_at(out)
    with (
        open_records(settings, workspace) as records,
        working_core(workspace, settings, records, lambda _: None),
    ):
        from flows.upkeep import sweep as sweep_flow

        state = sweep_flow(str(workspace), return_state=True)
    sys.stdout.write(f"{state.message}\n")
    raise typer.Exit(0 if state.is_completed() else _GAPS)


def estimate_of(
    checked: "CheckedForms", campaign: str, records: "Records", settings: "Settings"
) -> "Estimate":
    """Say what the forms will take at the rate of the latest shots; nothing is registered."""
    from catalog import NotRegistered
    from schemas import shots_of
    from schemas.estimates import estimate

    shots = [shot for form in checked.forms for shot in shots_of(campaign, form)]
    try:
        known = {one.shot.id for one in records.catalog.shot_histories(campaign) if one.master}
    except NotRegistered:
        known = set()
    left = [shot for shot in shots if shot.id not in known]
    files = sum(len(records.recipes.for_shot(shot.form.channels, shot.shot_type)) for shot in left)
    return estimate(len(left), files, records.catalog.measured(), settings.costs)


def one_form(path: Path, sku: str | None, settings: "Settings", out: Path) -> "ProductForm":
    """Read the one form that is meant, by the tables in force in the folder `out`.

    Raises FormInvalid or SheetUnreadable saying what would be right.
    """
    from packshot.production import checked_forms, tables_at

    with _as_sheet(path) as sheet:
        checked = checked_forms(sheet, settings, tables_at(settings, out))
    found = [form for form in checked.forms if sku in (None, form.sku)]
    if len(found) == 1:
        return found[0]
    if checked.problems:
        raise FormInvalid(" ".join(problem.sentence for problem in checked.problems))
    named = f"the SKU {sku!r}" if sku else "no SKU given"
    raise FormInvalid(f"{path.name} holds {len(found)} forms with {named}; name one with --sku.")


@contextmanager
def _as_sheet(path: Path) -> Iterator[Path]:
    """Yield `path`, or for a .json file a .jsonl sheet with its one form."""
    if path.suffix.lower() != ".json":
        yield path
        return
    try:
        form = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        raise SheetUnreadable(f"{path} cannot be read as JSON: {error}.") from error
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / f"{path.stem}.jsonl"
        sheet.write_text(json.dumps(form, ensure_ascii=False) + "\n", encoding="utf-8")
        yield sheet


@contextmanager
def _catalog(out: Path) -> Iterator["Catalog"]:
    with catalog_place(our_settings(), out).opened() as catalog:
        yield catalog


def _who() -> str:
    return getpass.getuser()


def _cells(one: "Campaign", summary: "CampaignSummary") -> Sequence[object]:
    accepted = summary.accepted_turbo + summary.saved_by_base
    due = f"{one.due_at:%Y-%m-%d %H:%M}" if one.due_at else "-"
    counts = (summary.shots, accepted, summary.needs_review, summary.dead, summary.unfinished)
    return one.name, one.state, one.priority, due, *counts


def _say(one: "Campaign") -> None:
    sys.stdout.write(f"{one.name} is {one.state}, priority {one.priority}.\n")


def _print_json(value: object) -> None:
    def plain(part: object) -> object:
        if isinstance(part, Schema):
            return part.model_dump(mode="json")
        if isinstance(part, dict):
            return {key: plain(one) for key, one in part.items()}
        return [plain(one) for one in part] if isinstance(part, list) else part

    sys.stdout.write(canonical_json(plain(value)).decode() + "\n")
