"""The review-sample flow: draw the pictures of a campaign that a person looks at, as a lot in the catalog."""

from prefect import State, flow
from prefect.artifacts import create_table_artifact
from prefect.states import Completed, Failed

from catalog import InspectionStopped, NothingToInspect, Role
from flows.artifacts import ROWS, key_for
from flows.runs import tag_run
from flows.services import Records, opened_records
from schemas.forms import CampaignName
from schemas.lot_plans import Sampling


@flow(name="review-sample", flow_run_name="{campaign} sample", persist_result=False)
def review_sample(campaign: CampaignName, workspace: str, sampling: Sampling = Sampling.SIMPLE) -> State[str]:
    """Open a lot over what `campaign` accepted since its last lot, and return the lot's id.

    Ends Completed without a lot when there is nothing new; Failed when inspection is to stop (clause 9.4).
    """
    with opened_records(workspace) as (records, settings):
        tag_run(campaign)
        overlap = settings.studio.overlap if _reviewers(records) > 1 else 0.0
        try:
            lot = records.catalog.draw_lot(campaign, sampling, "review-sample", overlap=overlap)
        except NothingToInspect as nothing:
            return Completed(message=nothing.message, data="")
        except InspectionStopped as stopped:
            return Failed(name="InspectionStopped", message=stopped.message, data="")
    rows = [{"attempt": member.attempt_id, "why": member.origin} for member in lot.members[:ROWS]]
    create_table_artifact(table=rows, key=key_for("sample", campaign), description=lot.id)
    return Completed(message=f"{len(lot.members)} of {lot.size} pictures are in {lot.id}", data=lot.id)


def _reviewers(records: Records) -> int:
    """Count the people who may review: one alone can give no picture a second look."""
    return sum(user.active and user.role in {Role.REVIEWER, Role.ADMIN} for user in records.catalog.users())
