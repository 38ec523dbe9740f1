"""The review-sample flow: draw the pictures of a campaign that a person looks at, as a lot in the catalog."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from prefect import State, flow
from prefect.artifacts import create_table_artifact
from prefect.states import Completed, Failed

from catalog import Lot, LotMember, LotState, Origin, Review, ShotHistory, ShotState
from flows.artifacts import ROWS, key_for
from flows.runs import tag_run
from flows.services import Records, opened_records
from schemas import Attempt, content_id
from schemas.sampling import (
    DefectClass,
    LotPlan,
    Switching,
    drawn,
    judge_lot,
    lot_plan,
    simple_sample,
    switched,
)
from schemas.sampling_tables import sampling_tables


class Sampling(StrEnum):
    """How many pictures are drawn."""

    SIMPLE = "simple"  #: one in twenty of the accepted, and everything that waits for review
    ISO2859 = "iso2859"  #: ISO 2859-1, single sampling, level II, AQL 2.5 major and 4.0 minor


@flow(name="review-sample", flow_run_name="{campaign} sample", persist_result=False)
def review_sample(campaign: str, workspace: str, sampling: Sampling = Sampling.SIMPLE) -> State[str]:
    """Open a lot over what `campaign` accepted since its last lot, and return the lot's id.

    Ends Completed without a lot when there is nothing new; Failed when inspection is to stop (clause 9.4).
    """
    with opened_records(workspace) as (records, _):
        tag_run(campaign)
        lots = records.catalog.lots(campaign)
        accepted, doubtful = _offered(records, campaign, lots)
        if not accepted and not doubtful:
            return Completed(message="Nothing was made since the last lot.", data="")
        switching = _switching(records, lots)
        if sampling is Sampling.ISO2859 and switching.stopped:
            return Failed(
                name="InspectionStopped",
                message="Five lots were refused under tightened inspection; mend the cause first.",
                data="",
            )
        lot = draw_lot(records, campaign, accepted, doubtful, sampling, switching)
    rows = [{"attempt": member.attempt_id, "why": member.origin} for member in lot.members[:ROWS]]
    create_table_artifact(table=rows, key=key_for("sample", campaign), description=lot.id)
    return Completed(message=f"{len(lot.members)} of {lot.size} pictures are in {lot.id}", data=lot.id)


def draw_lot(
    records: Records,
    campaign: str,
    accepted: Sequence[str],
    doubtful: Sequence[str],
    sampling: Sampling,
    switching: Switching,
) -> Lot:
    """Open a lot over the attempts `accepted` and `doubtful`; the same ones again are the same lot."""
    name = content_id("lot", [campaign, sampling, list(accepted), list(doubtful)])
    size = len(accepted) + len(doubtful)
    plan: dict[str, Any] = {"sampling": sampling.value}
    if sampling is Sampling.ISO2859 and accepted:
        severity = lot_plan(len(accepted), sampling_tables(), switching.severity)
        plan |= {"lot": severity.model_dump(mode="json"), "switching": switching.model_dump(mode="json")}
        chosen = drawn(accepted, severity.size, name)
    else:
        chosen = simple_sample(accepted, (), name)
    members = [LotMember(attempt_id=one, origin=Origin.FLAGGED) for one in doubtful]
    members += [LotMember(attempt_id=one, origin=Origin.RANDOM) for one in chosen]
    return records.catalog.open_lot(campaign, plan, size, members, "review-sample")


def switching_after(lot: Lot, reviews: Sequence[Review]) -> Switching:
    """Return how strict the lot after `lot` is, from the defects that people found in its random pictures."""
    plan = LotPlan.model_validate(lot.plan["lot"])
    state = Switching.model_validate(lot.plan["switching"])
    defects: dict[str, set[DefectClass]] = {}
    for review in reviews:
        kinds = {DefectClass(defect.severity.value) for defect in review.defects}
        defects.setdefault(review.attempt_id, set()).update(kinds)
    random = [one.attempt_id for one in lot.members if one.origin is Origin.RANDOM]
    found = judge_lot(plan, [defects.get(one, set()) for one in random])
    # Whoever closed the lot had the last word on it.
    verdict = found.model_copy(update={"accepted": lot.state is LotState.ACCEPTED})
    return switched(state, plan, verdict)


def _switching(records: Records, lots: Sequence[Lot]) -> Switching:
    """Go by the newest lot by ISO 2859-1 that somebody closed."""
    for lot in lots:
        if lot.state is not LotState.OPEN and "lot" in lot.plan:
            return switching_after(lot, records.catalog.reviews_of_lot(lot.id))
    return Switching()


def _offered(records: Records, campaign: str, lots: Sequence[Lot]) -> tuple[list[str], list[str]]:
    """List the attempts that became masters, and those that wait for a person, since the newest lot."""
    seen = {member.attempt_id for lot in lots for member in lot.members}
    since = lots[0].created_at if lots else None
    accepted: list[str] = []
    doubtful: list[str] = []
    for history in records.catalog.shot_histories(campaign):
        decisive = _decisive(history)
        if decisive is None or decisive.id in seen or decisive.picture is None:
            continue
        if since and decisive.made_at and decisive.made_at <= since:
            continue
        (accepted if history.state is ShotState.ACCEPTED else doubtful).append(decisive.id)
    return accepted, doubtful


def _decisive(history: ShotHistory) -> Attempt | None:
    if history.master is not None:
        return next(one for one in history.attempts if one.id == history.master.attempt_id)
    waits = history.state is ShotState.NEEDS_REVIEW
    return history.attempts[-1] if waits and history.attempts else None
