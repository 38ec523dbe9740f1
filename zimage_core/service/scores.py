"""POST /v1/scores: any picture measured against claims, without making one."""

import asyncio

from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas import Claim, Schema, Scores
from zimage_core.encoding import picture_from
from zimage_core.engine import Engine
from zimage_core.errors import CoreUnavailable, InvalidRender, UnreadablePicture
from zimage_core.ports import Picture
from zimage_core.service.reading import body_of, read

DECODERS = 2
"""Pictures unpacked at a time: one of 25 megapixels takes some 150 MB while it is."""

SCORING_LIMIT_S = 120.0


class ScoreRequest(Schema):
    """A PNG, JPEG or WebP file as base64, and what should be visible in it."""

    picture: bytes = Field(min_length=1)
    claims: tuple[Claim, ...] = Field(min_length=1, max_length=64)


def scores_router(engine: Engine) -> APIRouter:
    """Return the endpoint that measures pictures with `engine`'s scorer."""
    router = APIRouter(tags=["scores"])
    places = asyncio.Semaphore(DECODERS)

    @router.post("/v1/scores", response_model=Scores, openapi_extra=body_of(ScoreRequest))
    async def score(request: Request) -> Response:
        """Score an uploaded picture. Its size is checked before it is unpacked."""
        asked = await read(request, ScoreRequest, "The request")
        async with places:
            picture = await asyncio.to_thread(_unpacked, asked.picture)
        future = asyncio.wrap_future(engine.score(picture, asked.claims))
        try:
            scores = await asyncio.wait_for(future, SCORING_LIMIT_S)
        except TimeoutError as error:
            raise CoreUnavailable("The picture could not be scored in time.", retry_after_s=5) from error
        return Response(scores.model_dump_json(), media_type="application/json")

    return router


def _unpacked(data: bytes) -> Picture:
    try:
        return picture_from(data)
    except InvalidRender as error:
        raise UnreadablePicture(error.message, **error.context) from error
