"""Shots for programs: finding them, their stories, their pictures and files."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from catalog import NotRegistered, ShotCard, ShotFilter, ShotPage, ShotSort, ShotStory
from schemas import Role, Schema
from studio.desk import Desk
from studio.picture_routes import FOREVER, kind_of
from studio.reproductions import Reproduction, attempt_of, reproduce_on
from studio.shot_files import KINDS, disposition, file_data
from studio.shot_ids import ShotId
from studio.visitors import Allow, Visitor

router = APIRouter(prefix="/api", tags=["shots"])
ANY_USER = Depends(Allow(Role.OPERATOR, Role.REVIEWER))
OPERATOR = Depends(Allow(Role.OPERATOR))
Number = Annotated[int, Path(ge=0, le=1000)]
Place = Annotated[str | None, Field(max_length=100, pattern=r"^[a-z0-9_]+$")]
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such shot, attempt or file"}}
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "image/webp")
        }
    },
    **UNKNOWN,
    500: {"description": "The picture is lost or damaged"},
}
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS.values()}},
    **UNKNOWN,
}
CORE: dict[int | str, dict[str, Any]] = {
    **UNKNOWN,
    409: {"description": "The attempt made no picture, or the job was called off"},
    429: {"description": "The core is too busy; the header says when to come again"},
    500: {"description": "The core could not make the picture"},
    503: {"description": "No core is set up, or it cannot be reached"},
    504: {"description": "The core did not answer in time"},
}


class ShotQuery(ShotFilter):
    """What to list: filters that must all hold, the order, and the shot to go on after or before."""

    sort: ShotSort = ShotSort.NEWEST
    after: Place = None
    before: Place = None
    size: Annotated[int, Field(ge=1, le=200)] = 60


class ToldShot(Schema):
    """A shot on one line, and its whole story."""

    card: ShotCard
    story: ShotStory


class Repetition(Schema):
    """Which attempt's job is done again."""

    attempt: Annotated[int, Field(ge=0, le=1000)] = 0


@router.get("/shots", responses=UNKNOWN)
def list_shots(request: Request, query: Annotated[ShotQuery, Query()], _: Visitor = ANY_USER) -> ShotPage:
    """List shots; `next` and `previous` are what to send as `after` and `before` for the pages beside."""
    desk: Desk = request.app.state.desk
    wanted = ShotFilter.model_validate(query.model_dump(include=set(ShotFilter.model_fields)))
    return desk.catalog.find_shots(
        wanted, query.sort, after=query.after, before=query.before, size=query.size
    )


@router.get("/shots/{shot_id}", responses=UNKNOWN)
def get_shot(request: Request, shot_id: ShotId, _: Visitor = ANY_USER) -> ToldShot:
    """Tell a shot's story: attempts with scores and provenance, prompts, verdicts, reviews, files, trail."""
    desk: Desk = request.app.state.desk
    return ToldShot(card=desk.catalog.shot_card(shot_id), story=desk.catalog.shot_history(shot_id))


@router.get("/shots/{shot_id}/attempts/{number}/picture", responses=PICTURE, response_class=Response)
def get_picture(request: Request, shot_id: ShotId, number: Number, _: Visitor = ANY_USER) -> Response:
    """Return the picture of an attempt (from 0) as the core made it."""
    desk: Desk = request.app.state.desk
    attempt = attempt_of(desk.catalog.shot_history(shot_id), number)
    if attempt.picture is None:
        raise NotRegistered(f"Attempt {number} of the shot {shot_id} made no picture.", shot=shot_id)
    data = desk.catalog.picture(attempt.picture)
    return Response(data, media_type=kind_of(data), headers=FOREVER)


@router.post("/shots/{shot_id}/reproduce", responses=CORE)
def post_reproduction(
    request: Request, shot_id: ShotId, wanted: Repetition, _: Visitor = OPERATOR
) -> Reproduction:
    """Have an attempt's job done again, and say whether the same bytes came out; nothing is recorded."""
    desk: Desk = request.app.state.desk
    return reproduce_on(desk.settings, desk.catalog.shot_history(shot_id), wanted.attempt)


@router.get("/renditions/{rendition_id}", responses=FILE, response_class=Response)
def get_rendition(
    request: Request,
    rendition_id: Annotated[str, Path(pattern=r"^[a-z0-9_]{1,100}$")],
    _: Visitor = ANY_USER,
) -> Response:
    """Return a file for a channel, to be saved under its name."""
    desk: Desk = request.app.state.desk
    rendition = desk.catalog.rendition(rendition_id)
    headers = {"content-disposition": disposition(rendition.file_name), **FOREVER}
    kind = KINDS.get(rendition.format, "application/octet-stream")
    return Response(file_data(desk, rendition), media_type=kind, headers=headers)
