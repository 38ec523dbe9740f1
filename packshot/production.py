"""Run forms through the line: read, register, start what is needed, run the flow, gather the results."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from pydantic import TypeAdapter, ValidationError

from catalog import CampaignSummary
from flows.line import due_count
from flows.outcomes import FlowBroke, RunReport, ShotOutcome
from flows.services import Records, lent, services_with
from packshot.catalog_place import catalog_place
from packshot.core_process import own_core
from packshot.prefect_home import settle_prefect
from prompt_rules import CellProblem, RuleTables, check_forms, read_forms, tables_in_force
from schemas import AssetError, FormInvalid, ProductForm, Schema, Settings
from schemas.forms import CampaignName
from zimage_core.client import client_of
from zimage_core.renditions import recipes_at

LEAST_FREE_BYTES = 100 << 20
"""Prefect's own records take about 10 MB a run and the sample catalogue 15 MB; the rest is reserve."""


FULL_BYTES = 5 << 20
"""With less than this left, SQLite can no longer be relied on to commit."""

CORE_PATIENCE_S = 10.0
"""How long a command waits for a configured core to be ready before it says that it is not there."""


class DiskNearlyFull(AssetError):
    """The disk has too little room to start."""

    status = 507


class Production(Schema):
    """What one command made of one file of forms."""

    campaign: str
    rows: int
    forms: int
    problems: tuple[str, ...]
    """A sentence for each bad cell; the rows they are in were left out."""
    summary: CampaignSummary
    made_attempts: int
    made_renditions: int
    gaps: tuple[str, ...]
    """A sentence for each file or chunk that could not be made."""
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every row became its pictures, or stands in review."""
        return not self.problems and not self.gaps


class CheckedForms(Schema):
    """The good forms of a file, and the bad cells of the others."""

    rows: int
    forms: tuple[ProductForm, ...]
    problems: tuple[CellProblem, ...]


class Terms(TypedDict, total=False):
    """What is ordered about a campaign besides its forms; what is None stays as it is."""

    priority: int | None
    due_at: datetime | None


def tables_at(settings: Settings, out: Path) -> RuleTables:
    """Return the tables that a run in the folder `out` compiles with; nothing is made where nothing is.

    Raises RuleTableInvalid, and what opening a catalog raises.
    """
    place = catalog_place(settings, out)
    if settings.rules.tables is not None or not place.exists:
        return tables_in_force(settings.rules.tables, None)
    with place.opened() as catalog:
        return tables_in_force(None, catalog.activated_tables())


def checked_forms(path: Path, settings: Settings, tables: RuleTables) -> CheckedForms:
    """Read `path`, check its words and compile every shot; a row that a problem stops is left out.

    Only shot types that some channel has a recipe for can be asked. Raises SheetUnreadable.
    """
    recipes = recipes_at(settings.recipes.table)
    offered = {shot for spec in recipes.specs for shot in spec.shots}
    sheet = read_forms(path, tables, recipes.channels, offered)
    compile_problems = check_forms(sheet, tables)
    bad_rows = {problem.row for problem in compile_problems if problem.stops}
    good = (form for form, row in zip(sheet.forms, sheet.rows, strict=True) if row not in bad_rows)
    problems = sorted((*sheet.problems, *compile_problems), key=lambda problem: problem.row)
    return CheckedForms(rows=sheet.row_count, forms=tuple(good), problems=tuple(problems))


def produce(
    checked: CheckedForms,
    campaign: str,
    workspace: Path,
    settings: Settings,
    records: Records,
    watch: Callable[[int], Callable[[ShotOutcome], None]],
    terms: Terms,
) -> Production:
    """Bring every shot of the forms to its pictures; `watch(total)` returns who is told of each outcome.

    Nothing is started when nothing is due, so a second run takes a moment.
    """
    started = time.monotonic()
    records.catalog.submit(campaign, checked.forms, **terms)
    report = RunReport(campaign=campaign)
    if wanting := due_count(campaign, records):
        with working_core(workspace, settings, records, watch(wanting)):
            from flows.campaign import run_campaign

            report = run_campaign(campaign, str(workspace))
    return Production(
        campaign=campaign,
        rows=checked.rows,
        forms=len(checked.forms),
        problems=tuple(problem.sentence for problem in checked.problems),
        summary=records.catalog.campaign_summary(campaign),
        made_attempts=report.attempts,
        made_renditions=report.renditions,
        gaps=(*report.broken, *report.gaps),
        seconds=time.monotonic() - started,
    )


@contextmanager
def working_core(
    workspace: Path, settings: Settings, records: Records, tell: Callable[[ShotOutcome], None]
) -> Iterator[None]:
    """Let flows in this process work in `workspace` with a core that is ready; Prefect is settled first.

    Raises CoreUnavailable, CoreDidNotStart, and what `explained` makes of a FlowBroke inside.
    """
    settle_prefect(workspace)
    with (
        _core_address(settings, workspace) as address,
        client_of(settings, address) as core,
        lent(str(workspace), services_with(settings, records, core, tell)),
    ):
        core.wait_until_ready(CORE_PATIENCE_S)
        try:
            yield
        except FlowBroke as error:
            raise explained(error, workspace) from error


def explained(error: FlowBroke, workspace: Path) -> AssetError:
    """Return what a person should read of a broken flow: a full disk breaks Prefect's own records first."""
    if shutil.disk_usage(workspace).free >= FULL_BYTES:
        return error
    return DiskNearlyFull(
        f"The disk of {workspace} is full; make room and run the same command again, what was made is kept."
    )


@contextmanager
def _core_address(settings: Settings, workspace: Path) -> Iterator[str]:
    """Yield the configured core's address, or start one of our own for the time."""
    if settings.core.url:
        yield settings.core.url
        return
    with own_core(workspace / "core.log") as address:
        yield address


def campaign_name(name: str) -> str:
    """Return `name` if a campaign may be called that; raise FormInvalid saying what would be right."""
    try:
        return TypeAdapter[str](CampaignName).validate_python(name)
    except ValidationError:
        raise FormInvalid(
            f"A campaign cannot be called {name[:100]!r}; use letters, digits, '-', '_' and '.', at most 100."
        ) from None


def workspace_at(out: Path) -> Path:
    """Return `out` as an absolute path to a folder that can be written and has room.

    Raises: OSError when it cannot be, DiskNearlyFull when less than LEAST_FREE_BYTES are left.
    """
    out = out.expanduser().resolve()
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise PermissionError(13, "cannot write into", str(out))
    free = shutil.disk_usage(out).free
    if free < LEAST_FREE_BYTES:
        raise DiskNearlyFull(
            f"{out} has {free >> 20} MB free; at least {LEAST_FREE_BYTES >> 20} MB are needed to start."
        )
    return out
