"""Commands for those who look after the catalog: fsck, backup, restore and the keys of the API.

Exit codes as everywhere: 0 done, 1 the machine stops us, 3 done with findings.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from packshot.catalog_place import CatalogPlace, catalog_place
from packshot.environment import our_settings
from schemas import SettingsInvalid

catalog_app = typer.Typer()

Out = Annotated[Path, typer.Option("--out", help="The folder that `packshot run --out` was given.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]

_OUT = Path("packshot-out")
_FOUND = 3
_DAY_S = 24 * 3600.0


@catalog_app.command()
def fsck(
    out: Out = _OUT,
    deep: Annotated[bool, typer.Option("--deep", help="Read and hash every file.")] = False,  # noqa: FBT002 - typer's way of a flag
    repair: Annotated[bool, typer.Option("--repair", help="Put right what can be.")] = False,  # noqa: FBT002 - the same
    as_json: Json = False,  # noqa: FBT002 - the same
) -> None:
    """Hold every record against every file and every other record; exit 3 when something is left."""
    place = catalog_place(our_settings(), out)
    with place.opened() as catalog:
        found = catalog.fsck(exports=place.exports, deep=deep, repair=repair)
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        console = Console(soft_wrap=True)
        for finding in found.findings:
            mended = " Put right." if finding.repaired else ""
            console.print(Text(f"{finding.sentence}{mended}", "dim" if finding.repaired else "bold red"))
        looked = f"{found.shots} shots, {found.pictures} pictures, {found.files} files"
        console.print(f"{len(found.findings)} findings in {looked}{'' if deep else ' (sizes only)'}.")
    raise typer.Exit(0 if found.clean else _FOUND)


@catalog_app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where to; a second time only what is new is copied.")],
    out: Out = _OUT,
    as_json: Json = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Copy the records, the pictures and the channels' files to a folder, while work goes on."""
    from catalog.backups import back_up
    from catalog.store import shelf_at, store_at

    place = catalog_place(our_settings(), out)
    place.require()
    told = back_up(place.url, store_at(place.store), folder, shelf_at(place.exports))
    if as_json:
        sys.stdout.write(told.model_dump_json(indent=2) + "\n")
    else:
        Console(soft_wrap=True).print(f"{told.pictures} pictures and {told.exports} files are in {folder}.")


@catalog_app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `packshot backup` filled.")],
    out: Out = _OUT,
) -> None:
    """Bring a backup back to a place without a catalog, and inspect it; exit 3 when something is wrong."""
    from catalog.backups import restore as bring_back
    from catalog.store import shelf_at, store_at

    place: CatalogPlace = catalog_place(our_settings(), out)
    told = bring_back(folder, place.url, store_at(place.store), shelf_at(place.exports))
    with place.opened() as catalog:
        found = catalog.fsck(exports=place.exports, deep=True)
    console = Console(soft_wrap=True)
    for finding in found.findings:
        console.print(Text(finding.sentence, "bold red"))
    console.print(
        f"{told.pictures} pictures and {told.exports} files are back; {len(found.findings)} findings."
    )
    raise typer.Exit(0 if found.clean else _FOUND)


keys_app = typer.Typer(name="keys", help="Issue, list and revoke the keys of the API.", no_args_is_help=True)


@keys_app.command()
def issue(
    name: Annotated[str, typer.Argument(help="Who or what the key is for.")],
    role: Annotated[str, typer.Option("--role", help="operator, reviewer or admin.")] = "operator",
    days: Annotated[int, typer.Option("--days", min=1, help="Days until it expires.")] = 365,
    out: Out = _OUT,
) -> None:
    """Make a key and print it, this once; only its hash is kept."""
    from catalog import Role

    try:
        granted = Role(role)
    except ValueError as error:
        raise SettingsInvalid(f"There is no role {role}: operator, reviewer or admin would do.") from error
    with catalog_place(our_settings(), out).opened() as catalog:
        issued = catalog.issue_key(name, granted, "command line", valid_s=days * _DAY_S)
    Console(stderr=True, soft_wrap=True).print(f"The {granted} key {issued.key.id} is shown this once:")
    sys.stdout.write(f"{issued.secret}\n")


@keys_app.command(name="list")
def list_keys(out: Out = _OUT, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """List the keys, the newest first, without their secrets."""
    with catalog_place(our_settings(), out).opened() as catalog:
        known = catalog.keys()
    if as_json:
        sys.stdout.write(json.dumps([key.model_dump(mode="json") for key in known], indent=2) + "\n")
        return
    console = Console(soft_wrap=True)
    for key in known:
        until = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "for good"
        standing = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else until
        console.print(Text(f"{key.id}  {key.role:<9} {key.name}, {standing}"))


@keys_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's public beginning, such as pk_1a2b3c4d.")],
    out: Out = _OUT,
) -> None:
    """Refuse a key from now on."""
    with catalog_place(our_settings(), out).opened() as catalog:
        key = catalog.revoke_key(key_id, "command line")
    Console(soft_wrap=True).print(f"{key.id} ({key.name}) is refused from now on.")


catalog_app.add_typer(keys_app)
