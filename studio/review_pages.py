"""The page where people look at pictures; works by plain forms, and by keys where scripts run."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from schemas import AssetError, Role
from schemas.defects import defect_kinds
from schemas.sampling import DefectClass
from studio.decisions import Decision, decide, on_desk, take_back, waiting
from studio.desk import Desk
from studio.errors import StudioError
from studio.pages import page, words_of
from studio.review_items import ReviewItem, review_items
from studio.review_scope import Scope, scope_of
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
REVIEWER = Depends(Allow(Role.REVIEWER))
Scoped = Annotated[Scope, Depends(scope_of)]


@router.get("/review")
def review(
    request: Request, scope: Scoped, visitor: Visitor = REVIEWER, done: str = "", first: str = ""
) -> Response:
    """Show the pictures on the visitor's desk, one at a time; `done` is what was decided last."""
    return _page(request, visitor, scope, done=done[:100], first=first)


@router.get("/review/more")
def more(request: Request, scope: Scoped, visitor: Visitor = REVIEWER) -> Response:
    """Return what lies on the visitor's desk as a fragment, and keep it there."""
    return page(request, "review_items.html.j2", **_items(request, visitor, scope, ""))


@router.post("/review")
def decided(
    request: Request,
    scope: Scoped,
    visitor: Visitor = REVIEWER,
    decision: Annotated[str, Form()] = "",
    attempt: Annotated[str, Form()] = "",
    outcome: Annotated[str, Form()] = "",
    comment: Annotated[str, Form()] = "",
    of_lot: Annotated[str, Form()] = "",
    defect: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Record what was decided by a plain form, and go on to the next picture."""
    desk: Desk = request.app.state.desk
    given = {"id": decision, "attempt": attempt, "outcome": outcome, "comment": comment}
    try:
        told = Decision.model_validate({**given, "defects": defect or (), "lot": of_lot or None})
        decide(desk, visitor, told)
    except ValidationError:
        return _page(request, visitor, scope, wrong=StudioError(), first=attempt, status=422)
    except AssetError as error:
        marked = frozenset(defect or ())
        return _page(request, visitor, scope, wrong=error, first=attempt, marked=marked, status=error.status)
    return RedirectResponse(scope.address(done=decision), 303)


@router.post("/review/undo")
def undone(
    request: Request, scope: Scoped, decision: Annotated[str, Form()], visitor: Visitor = REVIEWER
) -> Response:
    """Take the last decision back, and show its picture again."""
    desk: Desk = request.app.state.desk
    told = take_back(desk, visitor, decision)
    return RedirectResponse(scope.address(first=told.shot), 303)


@router.post("/review/skip")
def skipped(
    request: Request, scope: Scoped, aside: Annotated[str, Form()], visitor: Visitor = REVIEWER
) -> Response:
    """Put a picture aside: somebody else may get it."""
    desk: Desk = request.app.state.desk
    desk.catalog.skip(visitor.name, aside)
    return RedirectResponse(scope.address(), 303)


@router.post("/review/again")
def again(request: Request, scope: Scoped, visitor: Visitor = REVIEWER) -> Response:
    """Give the visitor again what they put aside."""
    desk: Desk = request.app.state.desk
    desk.catalog.unskip(visitor.name)
    return RedirectResponse(scope.address(), 303)


def _page(
    request: Request,
    visitor: Visitor,
    scope: Scope,
    *,
    done: str = "",
    first: str = "",
    wrong: AssetError | None = None,
    marked: frozenset[str] = frozenset(),
    status: int = 200,
) -> Response:
    desk: Desk = request.app.state.desk
    context = _items(request, visitor, scope, first)
    context["marked"] = marked
    left = waiting(desk, visitor, scope.campaign)
    return page(request, "review.html.j2", status, **context, left=left, done=done, wrong=wrong)


def _items(request: Request, visitor: Visitor, scope: Scope, first: str) -> dict[str, Any]:
    desk: Desk = request.app.state.desk
    items = review_items(desk, on_desk(desk, visitor, scope.campaign, scope.lot), words_of(request))

    def rank(item: ReviewItem) -> bool:
        return first not in {item.attempt_id, item.shot_id}

    kinds = defect_kinds().values()
    classes = [(kind, [one for one in kinds if one.defect_class is kind]) for kind in DefectClass]
    return {
        "items": sorted(items, key=rank),
        "scope": scope,
        "classes": classes,
        "marked": frozenset(),
        "owner": visitor.name,
    }
