"""What may be done to a campaign or a schedule: pause, resume, call off, another priority; on, off, away."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from catalog import Catalog, NotRegistered, Schedule, ShotState
from schemas import FormInvalid, Role
from studio.campaign_orders import LEAST, MOST
from studio.campaign_upload import POSTED
from studio.desk import Desk
from studio.pages import page
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
OPERATOR = Depends(Allow(Role.OPERATOR))


@router.post("/campaigns/{name}/pause")
def pause(request: Request, name: str, visitor: Visitor = OPERATOR) -> Response:
    """Hand out no more of its shots."""
    _catalog(request).pause(name, visitor.name)
    return _back(name)


@router.post("/campaigns/{name}/resume")
def resume(request: Request, name: str, visitor: Visitor = OPERATOR) -> Response:
    """Go on with a paused campaign, or with one that was called off."""
    _catalog(request).resume(name, visitor.name)
    desk: Desk = request.app.state.desk
    desk.nudge.submitted(name)
    return _back(name)


@router.get("/campaigns/{name}/cancel")
def ask_to_cancel(request: Request, name: str, _: Visitor = OPERATOR) -> Response:
    """Ask whether the campaign is meant to be called off, and say what that would lose."""
    sums = _catalog(request).campaign_figures(name)
    left = sum(sums.states.get(state, 0) for state in (ShotState.UNFINISHED, ShotState.NEEDS_REVIEW))
    return page(request, "campaign_cancel.html.j2", name=name, left=left)


@router.post("/campaigns/{name}/cancel")
def cancel(request: Request, name: str, visitor: Visitor = OPERATOR) -> Response:
    """Call the campaign off."""
    _catalog(request).cancel(name, visitor.name)
    return _back(name)


@router.post("/campaigns/{name}/priority")
def set_priority(
    request: Request, name: str, visitor: Visitor = OPERATOR, given: FormData = POSTED
) -> Response:
    """Give the campaign another place in line."""
    _catalog(request).reprioritise(name, priority_in(str(given.get("priority", ""))), visitor.name)
    return _back(name)


@router.post("/schedules/{name}/on")
def switch_on(request: Request, name: str, visitor: Visitor = OPERATOR) -> Response:
    """Let a schedule be due again."""
    _catalog(request).switch_schedule(name, visitor.name, on=True)
    return RedirectResponse("/campaigns#schedules", 303)


@router.post("/schedules/{name}/off")
def switch_off(request: Request, name: str, visitor: Visitor = OPERATOR) -> Response:
    """Let a schedule rest."""
    _catalog(request).switch_schedule(name, visitor.name, on=False)
    return RedirectResponse("/campaigns#schedules", 303)


@router.get("/schedules/{name}/delete")
def ask_to_delete(request: Request, name: str, _: Visitor = OPERATOR) -> Response:
    """Ask whether the schedule is meant to be deleted."""
    return page(request, "schedule_delete.html.j2", schedule=schedule_of(_catalog(request), name))


@router.post("/schedules/{name}/delete")
def delete(request: Request, name: str, visitor: Visitor = OPERATOR) -> Response:
    """Delete a schedule; its campaigns stay."""
    _catalog(request).delete_schedule(name, visitor.name)
    return RedirectResponse("/campaigns#schedules", 303)


def priority_in(text: str) -> int:
    """Read a priority; raises FormInvalid for anything but a whole number in its bounds."""
    try:
        value = int(text)
    except ValueError:
        value = MOST + 1
    if not LEAST <= value <= MOST:
        raise FormInvalid(f"A priority is a whole number from {LEAST} to {MOST}; larger goes first.")
    return value


def schedule_of(catalog: Catalog, name: str) -> Schedule:
    """Return one schedule; raises NotRegistered."""
    for schedule in catalog.schedules():
        if schedule.name == name:
            return schedule
    raise NotRegistered(f"There is no schedule {name[:100]!r}.")


def _catalog(request: Request) -> Catalog:
    desk: Desk = request.app.state.desk
    return desk.catalog


def _back(name: str) -> Response:
    return RedirectResponse(f"/campaigns/{name}", 303)
