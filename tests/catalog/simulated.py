"""The catalog in a world whose time stands still until it is told to go on, and what should be in it.

The world plays everybody at once: workers, zombies, people, senders and the power cut. Beside the real catalog
it keeps the least model that says what each call has to answer; where they differ, an assertion fails.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import event, text

from catalog import (
    AssetStore,
    Catalog,
    CatalogUnavailable,
    Delivery,
    Lease,
    LeaseLost,
    Made,
    Review,
    ShotFilter,
    VerdictConflict,
)
from schemas import Attempt, DecidedBy, Failure, Outcome, Shot
from schemas.reasons import reason_key
from tests.factories import a_spec, an_attempt

T = TypeVar("T")
START = datetime(2026, 1, 1, tzinfo=UTC)
OPEN, WON, LOOK, DEAD, OFF = "unfinished", "accepted", "needs_review", "dead", "cancelled"
WAYS = {
    (OPEN, WON),
    (OPEN, LOOK),
    (OPEN, DEAD),
    (OPEN, OFF),
    (LOOK, WON),
    (LOOK, OPEN),
    (LOOK, OFF),
    (WON, OPEN),
    (WON, LOOK),
    (DEAD, OPEN),
    (DEAD, OFF),
    (OFF, OPEN),
}
"""The changes of a shot that are legal, said again: a table that checks itself would check nothing."""


class PowerCut(Exception):
    """The process ends here."""


@dataclass
class Known:
    """What the model holds of a shot."""

    shot: Shot
    shot_id: str
    campaign: str
    state: str = OPEN
    fence: int = 0
    attempts: dict[str, Outcome] = field(default_factory=dict)
    master: str | None = None
    said: dict[tuple[str, str], Outcome] = field(default_factory=dict)


@dataclass
class Hand:
    """A lease as a worker holds it, perhaps long after it was lost; `number` is its next attempt's."""

    lease: Lease
    number: int


@dataclass
class World:
    """A real catalog, a model of it, and everybody who uses them."""

    catalog: Catalog
    clock: Callable[[float], None]
    fault: str = ""
    """What the next commit meets: "" nothing, "before" a power cut, "after" a lost answer."""
    armed: bool = False
    """Whether a call is under way that may meet it; looking at the world never does."""
    shots: dict[str, Known] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    """Shot events as "type shot revision"."""
    ended: dict[str, int] = field(default_factory=dict)
    hands: list[Hand] = field(default_factory=list)
    post: list[Delivery] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    """Deliveries acknowledged by the catalog, by event."""
    faults: int = 0

    def call(self, work: Callable[[], T]) -> T:
        """Call the catalog; cut down in mid-commit it is called again, as every caller does."""
        self.armed = True
        try:
            return work()
        except (PowerCut, CatalogUnavailable):
            self.faults += 1
            self.fault = ""
            return work()
        finally:
            self.fault, self.armed = "", False

    def observe(self) -> dict[str, Any]:
        """Read where the shots really stand, and hold each change against the legal ones."""
        with self.catalog._database.reading() as session:
            names = "id, state, fence, owner, charged_crashes, lost_leases"
            rows = {row.id: row for row in session.execute(text(f"SELECT {names} FROM shots"))}  # noqa: S608 - a test's own
        assert rows.keys() == self.shots.keys()
        for shot_id, row in rows.items():
            before = self.shots[shot_id].state
            assert before == row.state or (before, row.state) in WAYS, (before, row.state)
            assert row.fence >= self.shots[shot_id].fence, "a fence went back"
            assert row.owner is None or row.state in (OPEN, WON), "what is decided is nobody's"
        return rows

    def learn(self, *may_change: str) -> None:
        """Take over the real states of those that may have changed; all others must stand as the model says."""
        for shot_id, row in self.observe().items():
            known = self.shots[shot_id]
            if shot_id in may_change:
                known.state, known.fence = row.state, row.fence
            assert (known.state, known.fence) == (row.state, row.fence), (shot_id, known, row)

    def check_whole(self, exports: Path) -> None:
        """Hold everything against everything; the product's own inspection is one of the witnesses."""
        self.observe()
        for name in self.campaigns:
            for told in self.catalog.shot_histories(name):
                known = self.shots[told.shot.id]
                assert told.state == known.state
                assert (told.master.attempt_id if told.master else None) == known.master
                assert (known.state == WON) == (known.master is not None)
                assert [one.id for one in told.attempts] == list(known.attempts), "an attempt was lost"
                for one in told.attempts:
                    if one.picture:
                        assert self.catalog.picture(one.picture) == picture_of(told.shot.id, one.number)
        self._check_cards()
        self._check_events()
        found = self.catalog.fsck(exports=exports, deep=True).findings
        assert found == (), [one.sentence for one in found]

    def _check_cards(self) -> None:
        """Hold what pages find shots by against the shots' stories, computed here once more."""
        cards = self.catalog.find_shots(ShotFilter(), size=1000).cards
        assert {card.shot_id for card in cards} == self.shots.keys()
        for card in cards:
            story = self.catalog.shot_history(card.shot_id)
            tried, form = story.attempts, story.shot.form
            master = self.shots[card.shot_id].master
            telling = next((one for one in tried if one.id == master), tried[-1] if tried else None)
            people = [one.verdict.reviewer for one in story.decisions if one.verdict.by is DecidedBy.PERSON]
            moments = [*(one.made_at for one in tried if one.made_at), *(one.at for one in story.trail)]
            assert (card.sku, card.title, card.category) == (form.sku, form.title, form.category)
            assert (card.state, card.reviewer) == (story.state, people[-1] if people else None)
            assert card.changed_at == max(moments, default=story.created_at)
            assert card.attempt_id == (telling.id if telling else None)
            assert card.number == (telling.number if telling else None)
            assert card.picture == (telling.picture if telling else None)
            assert card.p_accept == (telling.scores.p_accept if telling and telling.scores else None)
            assert card.rules == (a_spec().tables if telling else None)
            assert set(card.reasons) == (refusals_of(telling) if telling else set())

    def _check_events(self) -> None:
        events = [one for name in self.campaigns for one in self.catalog.events(name)]
        assert len({one.id for one in events}) == len(events)
        about = [one for one in events if one.shot_id]
        assert {
            f"{one.type} {one.shot_id} {one.body.get('attempt_id', one.body.get('fence'))}" for one in about
        } == self.told
        assert len(about) == len(self.told), "an event was told twice"
        for one in events:
            (record,) = self.catalog.deliveries(one.id)
            assert (record.state == "delivered") == (one.id in self.done)

    def record(self, hand: Hand, outcome: Outcome, *, fails: bool, again: bool) -> None:
        """Let a worker record its next attempt, or the one before once more; the model says what comes."""
        known = self.shots[hand.lease.shot_id]
        number = hand.number - 1 if again and hand.number > hand.lease.number else hand.number
        made = attempt_of(known.shot, number, outcome, hand.lease, fails=fails)
        attempt_id = made.attempt.id
        repeated = attempt_id in known.attempts
        got = self.call(lambda: self.catalog.record_attempts([made]))
        if hand.lease.fence != known.fence or (not repeated and known.state != OPEN):
            assert not got.attempts, "a latecomer's record was taken"
            assert isinstance(got.refused[0].error, LeaseLost)
            return
        if repeated:
            if got.refused:
                assert isinstance(got.refused[0].error, VerdictConflict)
            return
        assert not got.refused, got.refused
        hand.number = number + 1
        verdict = made.attempt.verdict
        assert verdict
        known.attempts[attempt_id] = verdict.outcome
        self.decide(known, attempt_id, verdict.outcome)

    def decide(self, known: Known, attempt_id: str, outcome: Outcome) -> None:
        """Move the model as a policy's verdict on a new attempt wants it."""
        if outcome is Outcome.ACCEPTED:
            known.state, known.master = WON, attempt_id
            self.told.add(f"shot.accepted {known.shot_id} {attempt_id}")
        elif outcome is Outcome.NEEDS_REVIEW and known.state == OPEN:
            known.state = LOOK
            self.told.add(f"shot.needs_review {known.shot_id} {attempt_id}")

    def review(self, known: Known, attempt_id: str, review: Review) -> None:
        """Let a person decide on a picture."""
        said = known.said.get((attempt_id, review.reviewer))
        try:
            self.call(lambda: self.catalog.record_review(review))
        except VerdictConflict:
            assert review.outcome is Outcome.ACCEPTED
            assert known.master not in (None, attempt_id) or known.state in (DEAD, OFF)
            return
        known.said[attempt_id, review.reviewer] = review.outcome
        if said is review.outcome:
            return
        self._follow(known, attempt_id, review.outcome)

    def _follow(self, known: Known, attempt_id: str, outcome: Outcome) -> None:
        mine = known.master == attempt_id
        if outcome is Outcome.ACCEPTED and not mine:
            assert known.master is None, "a second picture was accepted"
            known.state, known.master = WON, attempt_id
            self.told.add(f"shot.accepted {known.shot_id} {attempt_id}")
        elif outcome is Outcome.REJECTED and (mine or known.state == LOOK):
            known.state, known.master = OPEN, None
            known.fence += 1
        elif outcome is Outcome.NEEDS_REVIEW and mine:
            known.state, known.master = LOOK, None
            self.told.add(f"shot.needs_review {known.shot_id} {attempt_id}")


def refusals_of(attempt: Attempt) -> set[str]:
    """Name why an attempt was turned down; nothing when it was not."""
    verdict = attempt.verdict
    if verdict and verdict.outcome is Outcome.ACCEPTED:
        return set()
    failed = {f"failure.{attempt.failure.code}"} if attempt.failure else set()
    return failed | {reason_key(one) for one in (verdict.reasons if verdict else ())}


def picture_of(shot_id: str, number: int) -> bytes:
    """Return the picture that everybody makes of an attempt."""
    return f"{shot_id} {number} ".encode() * 9


def attempt_of(shot: Shot, number: int, outcome: Outcome, lease: Lease | None, *, fails: bool) -> Made:
    """Build what a worker records; one that fails is rejected."""
    if fails:
        attempt = an_attempt(shot, number, Outcome.REJECTED, scores=None, provenance=None)
        failure = Failure(code="degenerate_picture", message="The picture is black.")
        return Made(attempt.model_copy(update={"failure": failure}), a_spec(), None, lease)
    return Made(an_attempt(shot, number, outcome), a_spec(), picture_of(shot.id, number), lease)


def _meet_faults(world: World) -> None:
    dialect = world.catalog._database.writer.dialect
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        fault = world.fault if world.armed else ""
        world.fault = "" if world.armed else world.fault
        if fault == "before":
            dialect.do_rollback(connection)
            raise PowerCut
        commit(connection)
        if fault == "after":
            raise CatalogUnavailable("The answer to the commit was lost.")

    dialect.do_commit = do_commit


@contextmanager
def world_on_sqlite(template: Path, folder: Path) -> Iterator[World]:
    """Open a world on a copy of an empty catalog; SQLite's clock is ours."""
    folder.mkdir()
    shutil.copy(template, folder / "catalog.sqlite")
    now = [START]

    def clock(form: str, of: str) -> str:
        assert (form, of) == ("%Y-%m-%d %H:%M:%f000", "now")
        return f"{now[0]:%Y-%m-%d %H:%M:%S}.{now[0].microsecond // 1000:03d}000"

    with Catalog.open(f"sqlite:///{folder}/catalog.sqlite", AssetStore(folder / "assets")) as catalog:
        for engine in (catalog._database.writer, catalog._database.reader):

            @event.listens_for(engine, "connect")
            def _own_clock(connection: sqlite3.Connection, _: object) -> None:
                connection.create_function("strftime", 2, clock)
                connection.execute("PRAGMA synchronous=OFF").close()

        def move(seconds: float) -> None:
            now[0] += timedelta(seconds=seconds)

        world = World(catalog, move)
        _meet_faults(world)
        yield world


@contextmanager
def world_on_postgres(address: str, folder: Path) -> Iterator[World]:
    """Open a world on an empty PostgreSQL, where `clock_timestamp()` is a function of ours."""
    folder.mkdir()
    with psycopg.connect(address, autocommit=True) as desk:
        for statement in (
            "DROP SCHEMA IF EXISTS public CASCADE",
            "DROP SCHEMA IF EXISTS sim CASCADE",
            "CREATE SCHEMA public",
            "CREATE SCHEMA sim",
            "CREATE TABLE sim.clock (now timestamptz)",
            "INSERT INTO sim.clock VALUES ('2026-01-01 00:00+00')",
            "CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now FROM sim.clock'",
        ):
            desk.execute(statement)

        def move(seconds: float) -> None:
            desk.execute("UPDATE sim.clock SET now = now + make_interval(secs => %s)", (seconds,))

        options = "options=-csearch_path%3Dpublic,sim,pg_catalog%20-ctimezone%3DUTC"
        url = f"{address}{'&' if '?' in address else '?'}{options}"
        with Catalog.open(url, AssetStore(folder / "assets")) as catalog:
            world = World(catalog, move)
            _meet_faults(world)
            yield world
