"""`packshot export` and `packshot reexport`: upload folders with their proof; files after a recipe change.

Exit codes as everywhere: 0 done, 1 the input or the machine stops us, 3 done with gaps.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from packshot.environment import our_settings
from schemas import FormInvalid, Rendition

if TYPE_CHECKING:
    from flows.services import Records
    from packshot.upload_folder import Upload

export_app = typer.Typer()

Campaign = Annotated[str, typer.Argument(help="The campaign whose files are meant.")]
Channel = Annotated[str, typer.Option("--channel", help="The channel, by its key or any of its names.")]
Workspace = Annotated[
    Path, typer.Option("--workspace", help="The folder that `packshot run --out` made the pictures in.")
]
_GAPS = 3
_SHOWN = 12
"""Lines of trouble printed; the report holds all."""


@export_app.command()
def export(
    campaign: Campaign,
    channel: Channel,
    workspace: Workspace = Path("packshot-out"),
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder to write; CAMPAIGN-CHANNEL here when left out.")
    ] = None,
    zipped: Annotated[bool, typer.Option("--zip", help="Write one .zip file instead of a folder.")] = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Write what is to be uploaded to a channel: files by name and order, checked against every rule."""
    from packshot.preflight_report import report_csv, report_html
    from packshot.upload_folder import channel_of, upload_of, write_upload

    with _records_in(workspace) as records:
        key = channel_of(channel, records)
        upload = upload_of(campaign, key, records)
    if not upload.files and not upload.gaps:
        raise FormInvalid(f"No product of {campaign} is for {upload.channel_name}.")
    folder = out or Path(f"{campaign}-{key}")
    reports = {"report.html": report_html(upload), "report.csv": report_csv(upload)}
    written = write_upload(upload, reports, folder.expanduser().resolve(), zipped=zipped)
    _tell(upload, written)
    raise typer.Exit(0 if upload.complete else _GAPS)


@export_app.command()
def reexport(campaign: Campaign, channel: Channel, workspace: Workspace = Path("packshot-out")) -> None:
    """Make the files of a channel that its recipes have changed or that are lacking; generate nothing."""
    from flows.exporter import Exporter
    from flows.files import Bench, wanted_files
    from packshot.upload_folder import channel_of

    gaps: list[str] = []
    count = 0
    with _records_in(workspace) as records:
        key = channel_of(channel, records)
        wanted = {place: recipes for place, recipes in wanted_files(records).items() if place[1] == key}

        def keep(made: "Sequence[Rendition]") -> int:
            records.catalog.record_renditions(made)
            return len(made)

        bench = Bench(records, Exporter(0), keep)
        for wanting in records.catalog.wanting(campaign, wanted):
            made, missing = bench.make_missing(wanting)
            count += made
            gaps += [f"{wanting.shot.form.sku} {sentence}" for sentence in missing]
    console = Console(soft_wrap=True)
    console.print(f"{count} files made for {channel}; nothing was generated.")
    for gap in gaps[:_SHOWN]:
        console.print(Text(gap, "red"))
    raise typer.Exit(_GAPS if gaps else 0)


@contextmanager
def _records_in(workspace: Path) -> "Iterator[Records]":
    """Open the records of a workspace that is there already; raise FormInvalid when it is not."""
    from flows.services import open_records

    settings = our_settings()
    folder = workspace.expanduser().resolve()
    if settings.catalog.address() is None and not (folder / "catalog.sqlite").is_file():
        raise FormInvalid(
            f"{workspace} holds no catalog; name the folder that `packshot run --out` was given."
        )
    with open_records(settings, folder) as records:
        yield records


def _tell(upload: "Upload", written: Path) -> None:
    console = Console(soft_wrap=True)
    console.print(f"{len(upload.files)} files for {upload.channel_name} are in {written}.")
    failed = [finding for finding in upload.findings if not finding.passed]
    lines = [f"{one.place}: {one.rule} is {one.measured}; wanted is {one.wanted}." for one in failed]
    for line in [*upload.gaps, *lines][:_SHOWN]:
        console.print(Text(line, "red"))
    if len(failed) + len(upload.gaps) > _SHOWN:
        console.print(f"{len(failed) + len(upload.gaps) - _SHOWN} more are in the report.")
    unsure = {one.source for one in upload.findings if one.confidence in ("low", "unconfirmed")}
    if unsure:
        console.print(Text("Some of this channel's rules are not certain; the report says which.", "yellow"))
