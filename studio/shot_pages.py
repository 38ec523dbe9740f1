"""One shot's page: its attempts side by side, prompt, files and history, and what can be done with it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from catalog import ShotStory
from schemas import AssetError, Role
from studio.desk import Desk
from studio.errors import FormRefused
from studio.gallery_pages import names_for
from studio.gallery_queries import GalleryQuery, query_of
from studio.pages import is_fragment, page, words_of
from studio.reproductions import Reproduction, reproduce_on
from studio.shot_changes import changed_form, changes_for
from studio.shot_files import opened, shot_files
from studio.shot_ids import ShotId
from studio.shot_trails import history, reasons_in_words
from studio.submissions import faults_in, submit
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
ANY_USER = Depends(Allow(Role.OPERATOR, Role.REVIEWER))
OPERATOR = Depends(Allow(Role.OPERATOR))


@router.get("/shots/{shot_id}")
def shot_page(request: Request, shot_id: ShotId, visitor: Visitor = ANY_USER) -> Response:
    """Show a shot; the rest of the address is the list that it is looked at in."""
    del visitor
    desk: Desk = request.app.state.desk
    return _shown(request, desk.catalog.shot_history(shot_id))


@router.get("/shots/{shot_id}/files")
def inspected_files(request: Request, shot_id: ShotId, _: Visitor = ANY_USER) -> Response:
    """Open every file of a shot, hold it against its slot, and show what was found."""
    desk: Desk = request.app.state.desk
    story = desk.catalog.shot_history(shot_id)
    found = opened(desk, story.shot.form.sku, shot_files(desk, story.renditions))
    if is_fragment(request):
        return page(request, "shot_inspected.html.j2", inspected=found)
    return _shown(request, story, inspected=found)


@router.post("/shots/{shot_id}/reproduce")
def reproduced(
    request: Request, shot_id: ShotId, number: Annotated[int, Form(ge=0, le=1000)], _: Visitor = OPERATOR
) -> Response:
    """Have an attempt's job done again, and say whether the same bytes came out."""
    desk: Desk = request.app.state.desk
    story = desk.catalog.shot_history(shot_id)
    result: Reproduction | None = None
    refused: AssetError | None = None
    try:
        result = reproduce_on(desk.settings, story, number)
    except AssetError as error:
        refused = error
    if is_fragment(request):
        return page(request, "shot_reproduced.html.j2", result=result, refused=refused)
    return _shown(request, story, 200 if result else 422, result=result, refused=refused)


@router.post("/shots/{shot_id}/again")
def made_again(
    request: Request,
    shot_id: ShotId,
    change: Annotated[str, Form(max_length=300)],
    visitor: Visitor = OPERATOR,
) -> Response:
    """Order the shot with one field changed, in the same campaign, as a new version of its product."""
    desk: Desk = request.app.state.desk
    story = desk.catalog.shot_history(shot_id)
    shot = story.shot
    try:
        form = changed_form(shot, change)
        kept = submit(desk, shot.campaign, form, visitor.name)
    except FormRefused as error:
        said = words_of(request)
        why = " ".join(fault.sentence(said) for fault in faults_in(error)) or said("shot_page.again_none")
        return _shown(request, story, 422, wrong=why)
    return RedirectResponse(kept.page, 303)


def _shown(request: Request, story: ShotStory, status: int = 200, **more: object) -> Response:
    desk: Desk = request.app.state.desk
    words, asked = words_of(request), query_of(request.query_params)
    before, after = desk.catalog.neighbours(asked.wanted, asked.sort, story.shot_id)
    shown = {"inspected": None, "result": None, "refused": None, "wrong": "", **more}
    return page(
        request,
        "shot.html.j2",
        status,
        story=story,
        asked=asked,
        before=_in_list(asked, before),
        after=_in_list(asked, after),
        names=names_for(request),
        reasons={
            one.id: tuple(reasons_in_words(one.verdict, words)) for one in story.attempts if one.verdict
        },
        files=shot_files(desk, story.renditions),
        happened=history(story, words),
        changes=changes_for(desk, story.shot, words.locale),
        run=desk.nudge.run_page(story.shot.campaign, story.shot.form.sku),
        core=desk.settings.core.url,
        **shown,
    )


def _in_list(asked: GalleryQuery, shot_id: str | None) -> str:
    return asked.address(f"/shots/{shot_id}") if shot_id else ""
