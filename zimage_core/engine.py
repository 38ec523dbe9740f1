"""The engine: takes work from the queue, lets the device do it, hands on what is finished."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from schemas import AssetError, Claim, Provenance, RenderJob, RenderResult, Scores
from zimage_core.batching import Batch, Batching, ShapeKey, Widths
from zimage_core.errors import CoreUnavailable, OutOfMemory, RenderError
from zimage_core.finishing import Finishing
from zimage_core.limits import Limits
from zimage_core.observations import Totals
from zimage_core.ports import Backend, EngineState, Health, Observer, Picture, Scorer
from zimage_core.render_queue import STOPPING, RenderQueue
from zimage_core.residency import Residency
from zimage_core.residents import Residents
from zimage_core.tickets import DEFAULT_TENANT, Decode, Ticket, Work

HANGING = "The device does not answer; the core is being replaced, send the job again."
DRAINING = "The core is stopping and takes no new jobs; send the job again."


@dataclass(frozen=True)
class Advanced:
    """The device did the work; `seconds` is how long it took."""

    seconds: float


@dataclass(frozen=True)
class Prepared:
    """The work's shape was new: its widths are known now, and a better pass may be made up."""


@dataclass(frozen=True)
class Stuck:
    """The device did not do the work."""

    error: AssetError
    narrower_may_do: bool = False


class Engine:
    """Renders jobs by batched denoising steps. `load` and `step` belong to one thread; the rest to any."""

    def __init__(
        self,
        backend: Backend,
        scorer: Scorer,
        *,
        queue_limit: int,
        batch_width: int,
        limits: Limits | None = None,
        finishers: int = 0,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve `backend`; hold `queue_limit` jobs and compute at most `batch_width` of them at a time.

        `finishers` threads score and encode; with none that happens inside `step`.
        """
        limits = limits or Limits()
        self.backend = backend
        self.clock = clock
        self.observer: Observer = observer or Totals()
        self.queue = RenderQueue(
            queue_limit, under_way=limits.parked, weights=limits.weights, on_end=self._ended, clock=clock
        )
        self.widths = Widths(batch_width, limits.batching)
        self.residents = Residents(
            backend,
            Residency(limits.memory_bytes, limits.idle_unload_s),
            self.observer,
            clock,
            self.queue.wake,
        )
        self._finishing = Finishing(
            scorer,
            signed=self._signed,
            deliver=self._deliver,
            released=self.queue.wake,
            workers=finishers,
            limit=limits.finishing,
            encode=limits.encode,
        )
        self._state = EngineState.LOADING
        self._started = clock()
        self._working_since: float | None = None
        self._last_error: str | None = None

    @property
    def ready(self) -> bool:
        """Whether the weights are loaded and jobs are taken."""
        return self._state is EngineState.READY

    @property
    def state(self) -> EngineState:
        """What the engine is doing; `degraded` when it serves with a model that would not load."""
        if self._state is EngineState.READY and self.residents.trouble():
            return EngineState.DEGRADED
        return self._state

    @property
    def drained(self) -> bool:
        """Whether nothing is left to do."""
        return not any(self.queue.depth())

    def load(self, warm_up: Sequence[RenderJob] = ()) -> None:
        """Load the models that fit and render `warm_up`, from which the pace is learnt; then be ready.

        Belongs to the thread that steps. Raises WeightsInvalid, or what a warm-up job ended with.
        """
        self.backend.load()
        for name in self.backend.models():
            try:
                self.residents.ensure(name)
            except OutOfMemory:
                if not any(view.state == "resident" for view in self.residents.list()):
                    raise
        for job in warm_up:
            ticket = self.queue.submit(job, self.backend.shape(job), "warm-up")
            while not ticket.future.done():
                if not self.step():
                    self.queue.wait_for_work(0.01)
            ticket.future.result()
        if self._state is EngineState.LOADING:
            self._state = EngineState.READY

    def submit(self, job: RenderJob, tenant: str = DEFAULT_TENANT) -> Ticket:
        """Queue a job; its ticket's future brings the RenderResult or the error.

        Raises CoreUnavailable before the weights are loaded, InvalidRender, CoreBusy.
        """
        try:
            if self._state is EngineState.LOADING:
                raise CoreUnavailable("The core is still loading its weights.", retry_after_s=1)
            ticket = self.queue.submit(job, self.backend.shape(job), tenant)
        except RenderError as error:
            self.observer.rejected(error, tenant)
            raise
        self.observer.accepted(job, tenant)
        return ticket

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> "Future[Scores]":
        """Measure any picture against `claims`, behind the pictures of jobs; raises CoreBusy."""
        return self._finishing.score(picture, claims)

    def step(self) -> bool:
        """Do one thing with the device, at most one pass; report whether there was one."""
        for number in self.queue.take_dropped():
            self.backend.forget(number)
        work = self.queue.next_work(self.widths, room_to_finish=self._finishing.has_room)
        if self.residents.serve(busy=() if work is None else (_key(work).model,)):
            return True
        if work is None:
            return False
        self.settle(work, self.advance(work))
        return True

    def advance(self, work: Work) -> Advanced | Prepared | Stuck:
        """Let the device do `work`, and say how that went."""
        preparing = True
        try:
            if self._prepare(_key(work)):
                return Prepared()
            preparing = False
            began = self._working_since = self.clock()
            if isinstance(work, Decode):
                values = self.backend.decode(work.ticket.row)
                self._decoded(work.ticket, self.clock() - began)
                if self.queue.hand_over(work.ticket):
                    self._finishing.take(work.ticket, values)
            else:
                self.backend.step(work)
            return Advanced(self.clock() - began)
        except OutOfMemory as error:
            return Stuck(error, narrower_may_do=not preparing)
        except AssetError as error:
            return Stuck(error)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises must answer the jobs, not end the engine
            return Stuck(_wrapped(error))
        finally:
            self._working_since = None

    def settle(self, work: Work, outcome: Advanced | Prepared | Stuck) -> None:
        """Book a piece of work: move the jobs on, or halve the width, or fail the jobs."""
        match work, outcome:
            case Batch() as batch, Advanced(seconds):
                self._stepped(batch, seconds)
            case Batch() as batch, Stuck(_, narrower_may_do=True) if batch.width > 1:
                self.observer.out_of_memory(batch.key)
                self.widths.halve(batch.key, batch.width)
            case Batch() as batch, Stuck(error, _):
                for ticket in self.queue.tickets_of(batch):
                    self.queue.fail(ticket, error)
            case Decode(ticket), Stuck(error, _):
                self.queue.fail(ticket, error)

    def health(self) -> Health:
        """Return how the engine is, without waiting for the device."""
        return Health(
            state=self.state,
            device=self.backend.device,
            versions=self.backend.versions,
            uptime_s=self.clock() - self._started,
            step_age_s=self.step_age(),
            **self.queue.depth()._asdict(),
            memory=self.backend.memory(),
            memory_mode=self.backend.memory_mode,
            batching=self.widths.mode,
            residents=self.residents.list(),
            last_error=self._last_error,
            trouble=self.residents.trouble(),
        )

    def step_age(self) -> float:
        """Return the seconds that the device has been at its present piece of work; 0 between two."""
        since = self._working_since
        return 0.0 if since is None else self.clock() - since

    def drain(self) -> None:
        """Take no more jobs, hand back those that have not begun, and go on with those that have."""
        self._state = EngineState.DRAINING
        self.queue.hand_back(DRAINING)

    def hang(self) -> None:
        """Give up on a device that does not answer: everybody is told to send the job again."""
        self._state = EngineState.HUNG
        self._last_error = HANGING
        self.queue.close(HANGING)
        self.residents.close(CoreUnavailable(HANGING, retry_after_s=1))

    def close(self) -> None:
        """Answer every job with CoreUnavailable and take no more."""
        if self._state is not EngineState.HUNG:
            self._state = EngineState.STOPPED
        self.queue.close()
        self.residents.close(CoreUnavailable(STOPPING, retry_after_s=1))
        self._finishing.close()

    def _prepare(self, key: ShapeKey) -> bool:
        """Have the model of `key` on the device; report whether its widths had to be learnt."""
        self.residents.ensure(key.model)
        if self.widths.knows(key):
            return False
        room = self.backend.fits(key, self.widths.full)
        proven = self.widths.mode is Batching.PROVEN
        self.widths.learn(key, room, self.backend.proven_widths(key, room) if proven else ())
        return True

    def _stepped(self, batch: Batch, seconds: float) -> None:
        self.widths.succeed(batch.key, batch.width, seconds)
        self.observer.stepped(batch.key, batch.width, len(batch.rows), seconds)
        for ticket in self.queue.tickets_of(batch):
            if ticket.step == 0:
                self.observer.queued(batch.key, ticket.tenant, ticket.queue_seconds)
            ticket.step += 1
            ticket.widths.add(batch.width)
            self.queue.charge(ticket, seconds / len(batch.rows))

    def _decoded(self, ticket: Ticket, seconds: float) -> None:
        self.observer.decoded(ticket.key, seconds)
        self.queue.charge(ticket, seconds)

    def _signed(self, ticket: Ticket, picture: bytes, scores: Scores) -> RenderResult:
        return RenderResult(
            job_id=ticket.id,
            png=picture,
            scores=scores,
            provenance=Provenance(
                variant=ticket.job.preset.variant,
                weights=self.backend.weights(ticket.key.model),
                preset=ticket.job.preset,
                seed=ticket.job.seed,
                shape_key=f"{ticket.key}-{self.widths.mode}-w{_widths(ticket)}",
                versions=self.backend.versions,
                device=self.backend.device,
                device_seconds=ticket.device_seconds,
            ),
        )

    def _deliver(self, ticket: Ticket, outcome: RenderResult | AssetError) -> None:
        if isinstance(outcome, AssetError):
            self.queue.fail(ticket, outcome)
        else:
            self.queue.finish(ticket, outcome)

    def _ended(self, ticket: Ticket, error: AssetError | None) -> None:
        if error is None:
            self.observer.finished(ticket, self.clock() - ticket.arrived)
        else:
            self._last_error = error.message
            self.observer.failed(ticket, error)


def _key(work: Work) -> ShapeKey:
    return work.ticket.key if isinstance(work, Decode) else work.key


def _widths(ticket: Ticket) -> str:
    return "+".join(str(width) for width in sorted(ticket.widths, reverse=True))


def _wrapped(error: Exception) -> RenderError:
    failure = RenderError(f"The device failed: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure
