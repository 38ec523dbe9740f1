from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from zimage_core.ordering import AGEING_S, CREDIT_S, POINT_S, Shares, alike, due, order, sent_back


@dataclass
class Job:
    number: int
    tenant: str = "a"
    priority: int = 0
    arrived: float = 0.0
    place: float | None = None


def served(jobs: list[Job], shares: Shares | None = None) -> list[int]:
    return [job.number for _, job in order(jobs, shares or Shares())]


def test_within_a_tenant_priority_comes_first_then_arrival() -> None:
    assert served([Job(0), Job(1), Job(2, priority=5), Job(3, priority=5)]) == [2, 3, 0, 1]


def test_a_point_of_priority_is_worth_a_time_of_waiting_and_no_more() -> None:
    old = Job(0, arrived=0.0)
    assert served([old, Job(1, priority=1, arrived=AGEING_S - 1)]) == [1, 0]
    assert served([old, Job(1, priority=1, arrived=AGEING_S + 1)]) == [0, 1]


def test_the_tenant_that_has_had_least_is_next() -> None:
    shares = Shares()
    shares.charge("a", 3.0)
    shares.charge("b", 2.0)
    assert served([Job(0, "a"), Job(1, "b")], shares) == [1, 0]


def test_a_tenant_of_double_weight_gets_double() -> None:
    shares = Shares({"a": 2.0})
    shares.charge("a", 3.0)
    shares.charge("b", 2.0)
    assert served([Job(0, "b"), Job(1, "a")], shares) == [1, 0]


def test_between_tenants_a_point_is_worth_device_seconds() -> None:
    shares = Shares()
    shares.charge("a", 3 * POINT_S)
    assert served([Job(0, "b"), Job(1, "a", priority=4)], shares) == [1, 0]
    assert served([Job(0, "b"), Job(1, "a", priority=2)], shares) == [0, 1]


def test_a_tenant_that_was_away_is_owed_a_little_and_only_once() -> None:
    shares = Shares()
    shares.charge("a", 100.0)
    shares.enter("b", {"a"})
    assert shares.account("b") == 100.0 - CREDIT_S
    shares.charge("b", CREDIT_S + 1)
    shares.enter("b", {"a"})
    assert shares.account("b") == 101.0
    assert shares.totals() == {"a": 100.0, "b": CREDIT_S + 1}


def test_jobs_of_one_tenant_or_of_equally_served_ones_share_a_pass_at_any_cost() -> None:
    leader = (1.0, Job(0, "a"))
    assert alike(leader, (9.0, Job(1, "a")))
    assert alike(leader, (1.5, Job(1, "b")))
    assert not alike(leader, (1.0 + POINT_S, Job(1, "b")))
    assert not alike((1.0, Job(0, "a", priority=1)), (1.0, Job(1, "a")))


def test_a_tenant_that_is_there_keeps_what_it_is_owed() -> None:
    shares = Shares()
    shares.charge("a", 100.0)
    shares.charge("b", 3.0)
    shares.enter("b", {"a", "b"})
    assert shares.account("b") == 3.0


def test_a_job_that_has_begun_is_not_parked_for_an_equal_one() -> None:
    shares = Shares()
    shares.charge("a", 1.0)
    shares.charge("b", 1.0)
    begun = Job(0, "a", place=1.0)
    shares.charge("a", 0.9)
    assert served([begun, Job(1, "b")], shares) == [0, 1]
    assert served([begun, Job(1, "b", priority=1)], shares) == [1, 0]


ARRIVALS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-3, 3), st.integers(0, 5)), min_size=1, max_size=40
)


@given(ARRIVALS)
def test_every_tenant_is_served_in_the_order_of_its_due_times(arrivals: list[tuple[str, int, int]]) -> None:
    jobs = [Job(n, *one[:2], arrived=float(n * one[2])) for n, one in enumerate(arrivals)]
    served_jobs = [job for _, job in order(jobs, Shares())]
    assert sorted(served_jobs, key=lambda job: job.number) == jobs
    for tenant in "abc":
        dues = [due(job) for job in served_jobs if job.tenant == tenant]
        assert dues == sorted(dues)


@given(st.integers(0, 6), st.integers(1, 6), st.integers(1, 20))
def test_within_a_tenant_nobody_starves(patience: int, urgency: int, flood: int) -> None:
    """However many more urgent jobs keep arriving, a job waits for those of a bounded time only."""
    weak = Job(0, priority=-patience)
    later = (patience + urgency) * AGEING_S
    flooding = [Job(n, priority=urgency, arrived=later + n) for n in range(1, flood + 1)]
    assert served([weak, *flooding])[0] == 0


@given(st.integers(1, 40), st.integers(0, 5), st.floats(0.1, 2.0))
def test_between_tenants_nobody_starves(flood: int, urgency: int, cost: float) -> None:
    """A tenant waits at most for the device seconds that the others' priority is worth, and one job."""
    shares, waited = Shares(), 0.0
    shares.enter("flood", set())
    shares.enter("calm", {"flood"})
    jobs = [Job(n, "flood", priority=urgency) for n in range(flood)] + [Job(flood, "calm")]
    while True:
        first = order(jobs, shares)[0][1]
        if first.tenant == "calm":
            break
        jobs.remove(first)
        shares.charge("flood", cost)
        waited += cost
    assert waited <= urgency * POINT_S + 2 * cost
    assert shares.account("calm") <= shares.account("flood") + urgency * POINT_S


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 1.0), min_size=1, max_size=12))
def test_one_tenant_at_a_hundred_times_the_load_does_not_move_another(costs: list[float]) -> None:
    """While both have work, their device seconds stay within one job of each other."""
    shares = Shares()
    jobs = [Job(n, "flood") for n in range(100 * len(costs))]
    jobs += [Job(len(jobs) + n, "calm") for n in range(len(costs))]
    for cost in costs:
        first = order(jobs, shares)[0][1]
        jobs.remove(first)
        shares.charge(first.tenant, cost)
    totals = shares.totals()
    assert abs(totals.get("flood", 0.0) - totals.get("calm", 0.0)) <= 1.0


def test_the_least_urgent_and_youngest_give_up_their_places() -> None:
    begun = [Job(0, priority=1, place=0.0), Job(1, place=0.0), Job(2, place=0.0)]
    urgent = Job(9, priority=2)
    assert sent_back(begun, [urgent], limit=3) == [begun[2]]
    assert sent_back(begun, [urgent], limit=4) == []
    assert sent_back(begun, [Job(9)], limit=3) == []
    assert sent_back(begun, [begun[0]], limit=3) == []
