"""Everybody at once, in any order, in a world without time: whatever happens, the catalog loses nothing.

Hypothesis chooses what happens next. PACKSHOT_SIMULATE_STEPS is how many steps are wanted in all (`just
simulate` takes 20,000), PACKSHOT_SIMULATE_SHRINK=1 looks for the shortest way to break what broke.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog import (
    AssetStore,
    CampaignState,
    Catalog,
    FindingKind,
    LeaseLost,
    NotRegistered,
    RecordRefused,
    Review,
    VerdictConflict,
    publish,
)
from catalog.states import LEGAL
from schemas import Outcome, ShotType, sha256_hex, shots_of
from tests.catalog.simulated import (
    DEAD,
    OFF,
    OPEN,
    WAYS,
    WON,
    Hand,
    Known,
    World,
    world_on_postgres,
    world_on_sqlite,
)
from tests.factories import a_form, a_rendition

STEPS = int(os.environ.get("PACKSHOT_SIMULATE_STEPS", "6000"))
SHRINK = "PACKSHOT_SIMULATE_SHRINK" in os.environ
"""Whether to look for the shortest way to break it, which takes minutes; what broke it is told anyway."""

A_LIFE = 120
"""Steps in one world; then everything is held against everything, and another one begins."""

NAMES = ("spring", "summer")
RECIPES = {(ShotType.SCENE, "aliexpress"): ("recipe_main",)}
WORKERS = ("anna", "ben", "carl")
picks = st.integers(0, 1 << 10)
faults = st.sampled_from(("", "", "", "", "before", "after"))
outcomes = st.sampled_from(list(Outcome))


class Life(RuleBasedStateMachine):
    """One world from its beginning to its end."""

    open_world: Callable[[Path], AbstractContextManager[World]]
    steps = 0
    cuts = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=fast_disk())
        self.opened = type(self).open_world(Path(self.folder.name) / "world")
        self.world = self.opened.__enter__()
        self.catalog = self.world.catalog
        self.exports = Path(self.folder.name) / "exports"

    def teardown(self) -> None:
        try:
            self.world.check_whole(self.exports)
            # Refused pictures are rubbish that the next tidying takes away, and nothing else is.
            rubbish = self.catalog.fsck(exports=self.exports, grace_s=0, repair=True).findings
            assert {one.kind for one in rubbish} <= {FindingKind.PICTURE_ORPHANED}
            assert self.catalog.fsck(exports=self.exports, grace_s=0).findings == ()
            type(self).cuts += self.world.faults
        finally:
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()

    @initialize()
    def somebody_listens(self) -> None:
        self.catalog.add_endpoint("https://shop.example/hook", "whsec_c2VjcmV0", "olga")

    def step(self, fault: str = "") -> None:
        type(self).steps += 1
        self.world.fault = fault

    def shot(self, pick: int) -> Known:
        shots = self.world.shots
        return shots[sorted(shots)[pick % len(shots)]]

    def hand(self, pick: int) -> Hand:
        # The newest leases are the likely ones, and old ones are the zombies'.
        hands = self.world.hands
        return hands[-1 - pick % min(len(hands), 12)]

    @rule(name=st.sampled_from(NAMES), first=st.integers(0, 4), count=st.integers(1, 3), fault=faults)
    def submit(self, name: str, first: int, count: int, fault: str) -> None:
        self.step(fault)
        forms = [
            a_form(sku=f"MUG-{n}", shots=("scene",), channels=("aliexpress",))
            for n in range(first, first + count)
        ]
        if self.world.campaigns.get(name) == "cancelled":
            with pytest.raises(RecordRefused):
                self.world.call(lambda: self.catalog.submit(name, forms, by="olga"))
            return
        wanted = {shot.id: shot for form in forms for shot in shots_of(name, form)}
        got = self.world.call(lambda: self.catalog.submit(name, forms, by="olga"))
        new = wanted.keys() - self.world.shots.keys()
        assert got.new == len(new) or fault == "after", "a repeated file made shots"
        assert {shot.id for shot in got.shots} == wanted.keys()
        self.world.campaigns.setdefault(name, "running")
        for shot_id in new:
            self.world.shots[shot_id] = Known(wanted[shot_id], shot_id, name)
        self.world.learn()

    @precondition(lambda self: self.world.shots)
    @rule(
        name=st.sampled_from((*NAMES, None)),
        owner=st.sampled_from(WORKERS),
        limit=st.integers(1, 4),
        fault=faults,
    )
    def claim(self, name: str | None, owner: str, limit: int, fault: str) -> None:
        self.step(fault)
        if name is not None and name not in self.world.campaigns:
            with pytest.raises(NotRegistered):
                self.catalog.claim(name, owner, limit)
            self.world.fault = ""
            return
        before, moment = self.world.observe(), self.now()
        leases = self.world.call(lambda: self.catalog.claim(name, owner, limit))
        # With this claim's lost lease counted, a shot that lost four becomes a suspect in it.
        suspects = {
            shot_id
            for shot_id, row in before.items()
            if row.charged_crashes >= 2 or row.lost_leases + (row.owner is not None) >= 5
        }
        for lease in leases:
            known = self.world.shots[lease.shot_id]
            assert known.state == OPEN
            assert self.world.campaigns[known.campaign] == "running", "a stopped campaign was handed out"
            assert moment >= self.due[lease.shot_id], "a shot was handed out twice at a time"
            assert lease.number == len(known.attempts)
            assert lease.fence > known.fence
            assert (lease.until - moment).total_seconds() == 30.0
            if lease.alone:
                assert lease.shot_id in suspects
                assert len(leases) == 1, "a suspect had company"
            known.fence = lease.fence
            self.world.hands.append(Hand(lease, lease.number))
        if fault != "after":
            self.nobody_was_forgotten(name, limit, [lease.shot_id for lease in leases], suspects)
        # Leases whose answer was lost are held by nobody, until their time has passed.
        self.bury(before, *(self.world.shots if fault == "after" else ()))

    def now(self) -> object:
        """Read the world's time and when every shot is due."""
        with self.catalog._database.reading() as session:
            from catalog.columns import moment
            from catalog.rows import ShotRow

            self.due = {row.id: row.not_before for row in session.query(ShotRow)}
            return moment(session)

    def nobody_was_forgotten(self, name: str | None, limit: int, got: list[str], suspects: set[str]) -> None:
        self_now = self.now()
        left = [
            known.shot_id
            for known in self.world.shots.values()
            if known.state == OPEN
            and name in (None, known.campaign)
            and self.world.campaigns[known.campaign] == "running"
            and self.due[known.shot_id] <= self_now
            and known.shot_id not in got
        ]
        assert got or not left, "nothing was handed out although something is due"
        assert len(got) == limit or not left or suspects, "a due shot was passed over"

    def bury(self, before: dict[str, Any], *also: str) -> None:
        """Only a suspect that was lost again may have died."""
        rows = self.world.observe()
        died = [
            shot_id
            for shot_id, row in rows.items()
            if row.state == DEAD and self.world.shots[shot_id].state != DEAD
        ]
        for shot_id in died:
            row = before[shot_id]
            assert row.owner is not None
            assert row.charged_crashes == 2 or row.lost_leases >= 5
            self.world.told.add(f"shot.dead {shot_id} {rows[shot_id].fence}")
        self.world.learn(*died, *also)

    @precondition(lambda self: self.world.hands)
    @rule(pick=picks, fault=faults)
    def heartbeat(self, pick: int, fault: str) -> None:
        self.step(fault)
        lease = self.hand(pick).lease
        row = self.world.observe()[lease.shot_id]
        holds = row.fence == lease.fence and row.owner == lease.owner and row.state in (OPEN, WON)
        try:
            (kept,) = self.world.call(lambda: self.catalog.renew([lease]))
            assert holds, "a lost lease was renewed"
            assert (kept.until - self.now()).total_seconds() == 30.0  # type: ignore[operator]  # two times
        except LeaseLost:
            assert not holds, "a lease was lost without a reason"
        self.world.learn()

    @precondition(lambda self: self.world.hands)
    @rule(pick=picks, outcome=outcomes, fails=st.integers(0, 5), again=st.integers(0, 5), fault=faults)
    def record(self, pick: int, outcome: Outcome, fails: int, again: int, fault: str) -> None:
        self.step(fault)
        self.world.record(self.hand(pick), outcome, fails=fails == 0, again=again == 0)
        self.world.learn()

    @precondition(lambda self: self.world.hands)
    @rule(pick=picks, delay=st.sampled_from((0.0, 60.0)), fault=faults)
    def hand_back(self, pick: int, delay: float, fault: str) -> None:
        self.step(fault)
        lease = self.hand(pick).lease
        self.world.call(lambda: self.catalog.release([lease], delay))
        self.world.learn()

    @precondition(lambda self: self.world.hands)
    @rule(pick=picks, fault=faults)
    def crash(self, pick: int, fault: str) -> None:
        """The child that computed a shot died, and somebody saw it."""
        self.step(fault)
        lease = self.hand(pick).lease
        before = self.world.observe()[lease.shot_id]
        holds = before.fence == lease.fence and before.owner == lease.owner and before.state == OPEN
        self.world.call(lambda: self.catalog.charge([lease], "it died"))
        after = self.world.observe()[lease.shot_id]
        charged = before.charged_crashes + (1 if holds else 0)
        assert after.state == (DEAD if charged >= 3 and holds else before.state)
        if holds and after.state == DEAD:
            self.world.told.add(f"shot.dead {lease.shot_id} {after.fence}")
            self.world.learn(lease.shot_id)
        else:
            assert after.charged_crashes == charged
            self.world.learn()

    @rule(seconds=st.sampled_from((1.0, 9.0, 31.0, 31.0, 400.0)))
    def time_passes(self, seconds: float) -> None:
        self.step()
        self.world.clock(seconds)

    @precondition(lambda self: any(known.attempts for known in self.world.shots.values()))
    @rule(pick=picks, which=picks, who=st.sampled_from(("rosa", "sam")), outcome=outcomes, fault=faults)
    def review(self, pick: int, which: int, who: str, outcome: Outcome, fault: str) -> None:
        self.step(fault)
        tried = [known for known in self.world.shots.values() if known.attempts]
        known = tried[pick % len(tried)]
        attempt_id = list(known.attempts)[which % len(known.attempts)]
        review = Review(attempt_id=attempt_id, reviewer=who, outcome=outcome)
        try:
            self.world.review(known, attempt_id, review)
        except RecordRefused:
            assert outcome is Outcome.ACCEPTED
            self.world.fault = ""
        self.world.learn()

    @precondition(lambda self: self.world.campaigns)
    @rule(pick=picks, to=st.sampled_from(("pause", "resume", "resume", "resume", "cancel")), fault=faults)
    def control(self, pick: int, to: str, fault: str) -> None:
        self.step(fault)
        name = sorted(self.world.campaigns)[pick % len(self.world.campaigns)]
        call = {"pause": self.catalog.pause, "resume": self.catalog.resume, "cancel": self.catalog.cancel}[to]
        was = self.world.campaigns[name]
        try:
            got = self.world.call(lambda: call(name, "olga"))
        except VerdictConflict:
            assert (was, to) == ("cancelled", "pause")
            return
        ours = [known for known in self.world.shots.values() if known.campaign == name]
        for known in ours:
            if to == "cancel" and known.state == OPEN:
                known.state = OFF
            elif to == "resume" and known.state == OFF:
                known.state = OPEN
                known.fence += 1
        now = {"pause": "paused", "resume": "running", "cancel": "cancelled"}[to]
        self.world.campaigns[name] = now
        assert got.state is CampaignState(now)
        self.world.learn()

    @precondition(lambda self: any(known.state == DEAD for known in self.world.shots.values()))
    @rule(pick=picks)
    def revive(self, pick: int) -> None:
        self.step()
        dead = [known for known in self.world.shots.values() if known.state == DEAD]
        known = dead[pick % len(dead)]
        self.catalog.revive(known.shot_id, "olga")
        known.state = OPEN
        known.fence += 1
        self.world.learn()

    @precondition(lambda self: self.world.campaigns)
    @rule(pick=picks, killed=st.booleans(), fault=faults)
    def export(self, pick: int, killed: bool, fault: str) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Make the files that are missing; killed between the file and its row, they are made again."""
        self.step()
        name = sorted(self.world.campaigns)[pick % len(self.world.campaigns)]
        for wanting in self.catalog.wanting(name, RECIPES, limit=2):
            known = self.world.shots[wanting.master.shot_id]
            assert known.master == wanting.master.attempt_id
            data = wanting.master.picture.encode()
            file = f"{known.shot_id}.jpg"
            publish(self.exports / "aliexpress", file, data)
            if killed:
                return
            self.world.fault = fault
            made = a_rendition(
                wanting.master,
                recipe="recipe_main",
                file_name=file,
                sha256=sha256_hex(data),
                byte_count=len(data),
            )
            self.world.call(lambda made=made: self.catalog.record_renditions([made]))
            stale = made.model_copy(update={"master": "0" * 64})
            with pytest.raises(NotRegistered):
                self.catalog.record_renditions([stale])

    @rule(owner=st.sampled_from(("s1", "s2")), limit=st.integers(1, 4), fault=faults)
    def post(self, owner: str, limit: int, fault: str) -> None:
        self.step(fault)
        got = self.world.call(lambda: self.catalog.claim_deliveries(owner, limit))
        under_way = {one.event.id for one in self.world.post if one.until > self.now()}  # type: ignore[operator]  # two times
        for one in got:
            assert one.event.id not in self.world.done, "what was delivered was sent again"
            assert one.event.id not in under_way, "two senders had one event"
        self.world.post += got

    @precondition(lambda self: self.world.post)
    @rule(pick=picks, works=st.booleans(), fault=faults)
    def deliver(self, pick: int, works: bool, fault: str) -> None:  # noqa: FBT001 - hypothesis passes it by name
        self.step(fault)
        one = self.world.post[-1 - pick % min(8, len(self.world.post))]
        self.world.received.append(one.event.id)
        newest = max(other.fence for other in self.world.post if other.id == one.id)
        try:
            if works:
                self.world.call(lambda: self.catalog.delivered(one, 204))
            else:
                self.world.call(lambda: self.catalog.undelivered(one, "503", 5.0, 503))
        except LeaseLost:
            (record,) = self.catalog.deliveries(one.event.id)
            if fault == "after" and record.state == "delivered":
                self.world.done.setdefault(one.event.id, 1)
            return
        assert one.fence == newest, "a stale sender was believed"
        assert one.event.id not in self.world.done, "an event was acknowledged twice"
        if works:
            self.world.done[one.event.id] = 1

    @precondition(lambda self: self.world.shots)
    @rule(closely=st.integers(0, 4))
    def look(self, closely: int) -> None:
        self.step()
        if closely == 0:
            self.world.check_whole(self.exports)


def fast_disk() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - nothing here is to outlast the test


def simulate(open_world: Callable[[Path], AbstractContextManager[World]], steps: int) -> type[Life]:
    """Live worlds until `steps` steps were made, and say how many there were."""
    life = type("Life", (Life,), {"open_world": staticmethod(open_world), "steps": 0, "cuts": 0})
    once = settings(
        max_examples=max(1, round(1.25 * steps / A_LIFE)),
        stateful_step_count=A_LIFE,
        deadline=None,
        derandomize=True,
        database=None,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink) if SHRINK else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(life, settings=once)
    print(f"\n{life.steps} steps, {life.cuts} commits cut or left without an answer")  # noqa: T201 - how much was tried is part of the result
    return life


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """An empty catalog to copy, because migrating takes longer than many steps."""
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        path = Path(folder) / "catalog.sqlite"
        Catalog.open(f"sqlite:///{path}", AssetStore(Path(folder) / "assets")).close()
        yield path


def test_a_shot_turns_only_into_what_it_may() -> None:
    assert {(before.value, after.value) for before, ways in LEGAL.items() for after in ways} == WAYS


def test_nothing_is_lost_whatever_everybody_does(template: Path) -> None:
    life = simulate(lambda folder: world_on_sqlite(template, folder), STEPS)
    assert life.steps >= 0.8 * STEPS
    assert life.cuts > STEPS / 200


@pytest.mark.slow
def test_nothing_is_lost_on_postgresql_either(postgres: str) -> None:
    life = simulate(lambda folder: world_on_postgres(postgres, folder), STEPS)
    assert life.steps >= 0.8 * STEPS
