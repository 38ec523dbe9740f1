"""Campaigns as they stand: the list, one campaign, what may be done to it, and two side by side."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from catalog import AuditEntry, Campaign, CampaignFigures, CampaignState, ShotState
from schemas import Locale, Role
from schemas.estimates import cost
from studio import campaign_words
from studio.campaign_comparison import compared
from studio.desk import Desk
from studio.language import Words
from studio.pages import page, words_of
from studio.reason_words import reason_name
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
OPERATOR = Depends(Allow(Role.OPERATOR))

PAGE = 60
TRAIL = 40
"""Entries of the audit trail that are shown, the latest."""

UNSHOWN = frozenset({"round"})
"""Facts of the trail that mean nothing to people."""

STATES = (*(state.value for state in CampaignState), "unfinished", "finished")
"""What the list may be narrowed to."""

Search = Annotated[str, Query(max_length=100)]
Number = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/campaigns")
def list_campaigns(
    request: Request, _: Visitor = OPERATOR, search: Search = "", state: Search = "", number: Number = 1
) -> Response:
    """List campaigns, the newest first, with how their shots stand; and the schedules."""
    desk: Desk = request.app.state.desk
    words = words_of(request)
    state = state if state in STATES else ""
    wanted = CampaignState(state) if state in list(CampaignState) else None
    finished = {"finished": True, "unfinished": False}.get(state)
    found = desk.catalog.campaign_page(
        search.strip(), wanted, finished=finished, start=(number - 1) * PAGE, size=PAGE
    )
    return page(
        request,
        "campaigns.html.j2",
        found=found,
        search=search,
        state=state,
        states=STATES,
        number=number,
        last=max(1, -(-found.total // PAGE)),
        schedules=[(one, campaign_words.recurrence(words, one)) for one in desk.catalog.schedules()],
        state_of=campaign_words.state_of,
        now=datetime.now(UTC),
    )


@router.get("/campaigns/{name}")
def show_campaign(request: Request, name: str, visitor: Visitor = OPERATOR) -> Response:
    """Show how one campaign stands."""
    desk: Desk = request.app.state.desk
    campaign = desk.catalog.campaign(name)
    trail = desk.catalog.audit_of(f"campaign {name}")
    words = words_of(request)
    return page(
        request,
        "campaign.html.j2",
        **progress_of(request, desk, campaign),
        trail=[_entry(one, words) for one in trail[-TRAIL:][::-1]],
        channels=[(key, channel_name(names, words, key)) for key, names in desk.recipes.channels.items()],
        others=[
            line.campaign.name
            for line in desk.catalog.campaign_page(size=PAGE).lines
            if line.campaign.name != name
        ],
        may_review=visitor.may(Role.REVIEWER),
    )


@router.get("/campaigns/{name}/progress")
def show_progress(request: Request, name: str, _: Visitor = OPERATOR) -> Response:
    """Show the part of the campaign's page that changes; the page asks for it every two seconds."""
    desk: Desk = request.app.state.desk
    return page(
        request, "campaign_progress.html.j2", **progress_of(request, desk, desk.catalog.campaign(name))
    )


@router.get("/campaigns/{name}/run")
def show_run(request: Request, name: str, _: Visitor = OPERATOR) -> Response:
    """Go to the campaign's run in Prefect, or say that there is none yet."""
    desk: Desk = request.app.state.desk
    desk.catalog.campaign(name)
    address = desk.nudge.run_page(name)
    if address.startswith(("http://", "https://")):
        return RedirectResponse(address, 303)
    return page(request, "campaign_no_run.html.j2", name=name)


@router.get("/campaigns/{name}/compare")
def compare_campaigns(request: Request, name: str, _: Visitor = OPERATOR, other: Search = "") -> Response:
    """Show two campaigns side by side."""
    desk: Desk = request.app.state.desk
    one, two = desk.catalog.campaign_figures(name, 20), desk.catalog.campaign_figures(other, 20)
    return page(
        request,
        "campaign_compare.html.j2",
        name=name,
        other=other,
        rows=compared(one, two, desk.settings.costs, words_of(request)),
    )


def progress_of(request: Request, desk: Desk, campaign: Campaign) -> dict[str, Any]:
    """Gather what the changing part of a campaign's page shows."""
    words = words_of(request)
    sums = desk.catalog.campaign_figures(campaign.name)
    left = sums.seconds_left
    return {
        "campaign": campaign,
        "state": campaign_words.state_of(campaign, datetime.now(UTC)),
        "sums": sums,
        "live": campaign.state is CampaignState.RUNNING and campaign.finished_at is None,
        "accepted": sums.states.get(ShotState.ACCEPTED, 0),
        "reasons": [(reason_name(words, one.reason), one) for one in sums.reasons],
        "left": None if left is None else campaign_words.duration(words, left),
        "device": campaign_words.duration(words, sums.device_seconds),
        "cost": price(sums, desk),
        "currency": desk.settings.costs.currency,
        "share": campaign_words.share,
    }


def price(sums: CampaignFigures, desk: Desk) -> float:
    """Return what a campaign has cost so far: device time, and looks at what was sent to a person."""
    return cost(sums.device_seconds, sums.states.get(ShotState.NEEDS_REVIEW, 0), desk.settings.costs)


def channel_name(names: Sequence[str], words: Words, key: str) -> str:
    """Return what a channel is called in a language; `names` are its key, its own name and others."""
    if f"channel.{key}" in words.phrases:
        return words(f"channel.{key}")
    own = [name for name in names if not name.isascii()] if words.locale is Locale.ZH else []
    return (own or names[1:2] or names)[0]


def _entry(entry: AuditEntry, words: Words) -> dict[str, object]:
    """Say one entry of the trail; a schedule that began the campaign is named."""
    schedule = entry.actor.removeprefix("schedule ") if entry.actor.startswith("schedule ") else ""
    before, after = entry.before or {}, entry.after or {}
    told = []
    for name in sorted((before.keys() | after.keys()) - UNSHOWN):
        values = [
            words.of("campaign_state", one[name]).replace(":00+00:00", " UTC")
            for one in (before, after)
            if name in one
        ]
        told.append(f"{words.of('fact', name)}: {' → '.join(values)}")
    return {
        "at": entry.at,
        "actor": entry.actor,
        "schedule": schedule,
        "action": entry.action,
        "change": ", ".join(told),
    }
