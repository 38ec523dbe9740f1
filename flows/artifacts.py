"""What an operator sees beside a run in Prefect's UI: progress, pictures, what is wrong, and the sum."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.outcomes import Ending, RunReport, ShotOutcome
from schemas.estimates import MINUTE, cost
from schemas.settings import CostSettings
from zimage_core.renditions.contact_sheets import contact_sheet

UPDATES = 20
"""Updates of a progress bar at most; each is a request to Prefect's server."""

ROWS = 200
"""Rows of a table at most; the catalog has them all."""


def key_for(kind: str, campaign: str) -> str:
    """Return an artifact's key, under which Prefect keeps its history: small letters, digits and dashes."""
    return f"{kind}-{re.sub(r'[^a-z0-9]+', '-', campaign.lower()).strip('-')}"


class ProgressBar:
    """A progress artifact that is updated at most UPDATES times."""

    def __init__(self, campaign: str, total: int) -> None:
        """Create the artifact; `total` is the number of shots to come."""
        self._total = max(1, total)
        self._shown = 0
        self._id = cast(UUID, create_progress_artifact(0.0, key_for("progress", campaign), campaign))

    def show(self, done: int) -> None:
        """Show that `done` shots have ended."""
        step = min(UPDATES, done * UPDATES // self._total)
        if step > self._shown:
            self._shown = step
            update_progress_artifact(self._id, 100.0 * step / UPDATES)


def show_pictures(campaign: str, thumbs: Sequence[bytes], side: int) -> None:
    """Create a contact sheet; nothing when there is no picture."""
    if thumbs:
        sheet = base64.b64encode(contact_sheet(thumbs, side)).decode()
        address = f"data:image/webp;base64,{sheet}"
        create_image_artifact(address, key_for("pictures", campaign), f"{len(thumbs)} shots of {campaign}")


def show_troubles(report: RunReport, link: str) -> None:
    """Create a table of the shots that a person should look at; nothing when there is none.

    `link` is the address of a shot's page with {shot} for its id.
    """
    if not report.to_see:
        return
    rows = [_row(outcome, link) for outcome in report.to_see[:ROWS]]
    more = len(report.to_see) - len(rows)
    said = f"{report.campaign}: for a person to see" + (f" (the first {ROWS}; {more} more)" if more else "")
    create_table_artifact(table=rows, key=key_for("to-look-at", report.campaign), description=said)


def show_report(report: RunReport, costs: CostSettings) -> None:
    """Create the final report."""
    text = report_text(report, costs)
    create_markdown_artifact(text, key_for("report", report.campaign), f"What became of {report.campaign}")


def report_text(report: RunReport, costs: CostSettings) -> str:
    """Return the run's sum as Markdown."""
    endings = report.endings
    accepted = endings.get(Ending.ACCEPTED, 0)
    reviews = endings.get(Ending.NEEDS_REVIEW, 0)
    price = cost(report.device_seconds, reviews, costs)
    each = f"{price / accepted:.4f} {costs.currency}" if accepted else "-"
    rows = {
        "shots in hand": report.shots,
        "accepted": accepted,
        "of these saved by Base": report.saved_by_base,
        "sent to review": reviews,
        **{f"{ending}": endings[ending] for ending in _RARE if endings.get(ending)},
        "without all their files": report.gap_count,
        "pictures made": report.attempts,
        "renditions made": report.renditions,
        "minutes": f"{report.seconds / MINUTE:.1f}",
        "device seconds": f"{report.device_seconds:.1f}",
        "cost": f"{price:.2f} {costs.currency}",
        "cost per accepted picture": each,
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    verdict = report.why or "Every shot was decided and every file made."
    return f"# {report.campaign}\n\n{verdict}\n\n| what | value |\n| --- | ---: |\n{table}\n"


def gallery_link(workspace: str) -> str:
    """Return the address of a shot in the gallery of the workspace, with {shot} for its id."""
    return f"{Path(workspace).absolute().joinpath('index.html').as_uri()}#{{shot}}"


_RARE = (
    Ending.FAILED,
    Ending.DEAD,
    Ending.UNSCORED,
    Ending.BROKEN,
    Ending.WAITING,
    Ending.TAKEN,
)


def _row(outcome: ShotOutcome, link: str) -> dict[str, str]:
    return {
        "sku": outcome.sku,
        "shot": outcome.shot_type,
        "state": outcome.outcome,
        "why": outcome.reason,
        "link": link.replace("{shot}", outcome.shot_id),
    }
