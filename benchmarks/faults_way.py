"""A shot's whole way, again and again until nothing is left of it: what every fault test interrupts.

Each call of `go` does what is not done, as a worker and a sender do it: claim, picture, record, file, record,
hand back, deliver. What it made follows from the shot alone, so that a repeat is seen to be one.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from catalog import AssetStore, Catalog, FindingKind, Lease, LeaseLost, Made, publish
from schemas import Outcome, ShotType, sha256_hex
from tests.factories import a_form, a_rendition, a_spec, an_attempt

CAMPAIGN = "spring"
RECIPES = {(ShotType.SCENE, "wechat"): ("recipe_main",)}
PLAN = (Outcome.REJECTED, Outcome.ACCEPTED)
"""What is found of each attempt, so that every worker finds the same."""

RUBBISH = {FindingKind.PICTURE_ORPHANED, FindingKind.TEMPORARY_LEFT}
"""What a death may leave behind: files that no row names, which the tidying takes away after a day."""


@dataclass(frozen=True)
class Place:
    """Where a campaign is worked on: its database, and the folder of everything else."""

    url: str
    folder: Path

    def open(self) -> Catalog:
        """Open the catalog."""
        return Catalog.open(self.url, AssetStore(self.folder / "assets"))

    def begin(self, shots: int) -> None:
        """Submit a campaign of that many shots, and an endpoint that hears of them."""
        with self.open() as catalog:
            catalog.add_endpoint("https://shop.example/hook", "whsec_c2VjcmV0", "faults")
            catalog.submit(CAMPAIGN, forms(shots))


@dataclass(frozen=True)
class Came:
    """What became of a campaign after everything that happened to it."""

    shots: int
    lost: int
    """Shots that have no accepted picture."""
    duplicated: int
    """Accepted pictures, events or files beyond one for each."""
    torn: int
    """What the inspection finds, rubbish apart."""
    events: float
    """Events of acceptance for each shot."""
    heard: float
    """Distinct events that the receiver has, for each that was told."""
    attempts: int
    made: int = 0
    """Attempts that were begun, the wasted ones too."""
    rubbish: int = 0
    sentences: tuple[str, ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or torn, and everything was told once and heard."""
        wanted = self.shots * len(PLAN)
        return (self.lost, self.duplicated, self.torn, self.events, self.heard, self.attempts) == (
            *(0, 0, 0),
            *(1.0, 1.0, wanted),
        )


def forms(shots: int) -> list[object]:
    """Return as many forms of one shot each."""
    return [a_form(sku=f"MUG-{n}", shots=("scene",), channels=("wechat",)) for n in range(shots)]


def picture_of(shot_id: str, number: int) -> bytes:
    """Return the picture that everybody makes of an attempt."""
    return f"{shot_id} {number} ".encode() * 100


def log(path: Path, line: str) -> None:
    """Append a line that outlives this process."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    WRITE(handle, f"{line}\n".encode())
    os.close(handle)


WRITE = os.write
"""The real one, for our own log, also where faults are planted in the other."""


def go(
    catalog: Catalog, place: Place, owner: str, at_once: int = 1, beat: Callable[[], None] = lambda: None
) -> None:
    """Do everything that is due, and tell everybody who wants to hear it."""
    while leases := catalog.claim(CAMPAIGN, owner, at_once):
        work(catalog, place, leases)
        beat()
    export(catalog, place)
    deliver(catalog, place, owner)


def work(catalog: Catalog, place: Place, leases: Sequence[Lease]) -> None:
    """Bring leased shots to their pictures and files, and hand them back."""
    for lease in leases:
        for number in range(lease.number, len(PLAN)):
            log(place.folder / "begun", lease.shot_id)
            made = an_attempt(lease.shot, number, PLAN[number])
            got = catalog.record_attempts([Made(made, a_spec(), picture_of(lease.shot_id, number), lease)])
            for refusal in got.refused:
                if not isinstance(refusal.error, LeaseLost):
                    raise refusal.error
    for lease in leases:
        make_file(catalog, place, lease.shot_id)
    catalog.release(leases)


def make_file(catalog: Catalog, place: Place, shot_id: str) -> None:
    """Make, publish and record the file of an accepted shot."""
    master = catalog.master_of(shot_id)
    data = catalog.picture(master.picture)[::-1]
    name = f"{shot_id}.jpg"
    publish(place.folder / "renditions" / "wechat", name, data)
    made = a_rendition(
        master, recipe="recipe_main", file_name=name, sha256=sha256_hex(data), byte_count=len(data)
    )
    catalog.record_renditions([made])


def export(catalog: Catalog, place: Place) -> None:
    """Make the files that shots accepted earlier lack."""
    for one in catalog.wanting(CAMPAIGN, RECIPES):
        make_file(catalog, place, one.master.shot_id)


def deliver(catalog: Catalog, place: Place, owner: str) -> None:
    """Tell the receiver what is due; what it hears is a line in a file."""
    while due := catalog.claim_deliveries(owner, 16, per_endpoint=16):
        for one in due:
            log(place.folder / "heard", one.event.id)
            try:
                catalog.delivered(one, 204)
            except LeaseLost:
                continue


def let_time_pass(catalog: Catalog, seconds: float = 31.0) -> None:
    """Let the time of all leases pass, as half a minute would."""
    with catalog._database.writing() as session:  # noqa: SLF001 - time is not for sale at the desk
        on_sqlite = session.get_bind().dialect.name == "sqlite"
        for table in ("shots", "deliveries"):
            earlier = "not_before - make_interval(secs => :s)"
            if on_sqlite:
                earlier = "strftime('%Y-%m-%d %H:%M:%f000', not_before, '-' || :s || ' seconds')"
            session.execute(
                text(f"UPDATE {table} SET not_before = {earlier} WHERE owner IS NOT NULL"),  # noqa: S608 - two names of ours
                {"s": seconds},
            )


def came(place: Place) -> Came:
    """Hold the campaign against what it has to be; the product's own inspection is the witness."""
    exports = place.folder / "renditions"
    with place.open() as catalog:
        told = catalog.shot_histories(CAMPAIGN)
        found = catalog.fsck(exports=exports, deep=True, grace_s=0, repair=True).findings
        torn = [one for one in found if one.kind not in RUBBISH]
        again = catalog.fsck(exports=exports, deep=True, grace_s=0).findings
        events = [one for one in catalog.events(CAMPAIGN) if one.shot_id]
    won = [
        one
        for told_of in told
        for one in told_of.attempts
        if one.verdict and one.verdict.outcome == "accepted"
    ]
    heard = set(_lines(place.folder / "heard"))
    files = [one for told_of in told for one in told_of.renditions]
    return Came(
        shots=len(told),
        lost=sum(one.master is None or not one.renditions for one in told),
        duplicated=max(0, len(won) - len(told)) + max(0, len(files) - len(told)),
        torn=len(torn) + len(again),
        events=len(events) / len(told),
        heard=len(heard & {one.id for one in events}) / max(1, len(events)),
        attempts=sum(len(one.attempts) for one in told),
        made=len(_lines(place.folder / "begun")),
        rubbish=len(found) - len(torn),
        sentences=tuple(one.sentence for one in (*torn, *again)),
    )


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def stamp() -> str:
    """Say when and on what this was measured."""
    load = os.getloadavg()[0]
    return f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}, {os.cpu_count()} cores, load {load:.1f}"


def fast_disk() -> str | None:
    """Name a folder in memory, if there is one: kills cut no power, so no disk has to be waited for."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - nothing in it is to outlast the run
