"""POST /v1/images/generations as OpenAI's clients send it, and the files that it answers by address."""

import base64
import time

from fastapi import APIRouter, Request, Response

from schemas import Schema
from schemas.settings import CoreSettings
from zimage_core.engine import Engine
from zimage_core.presets import presets, profile_of
from zimage_core.service.image_requests import ImageRequest, jobs_of
from zimage_core.service.models import model_names
from zimage_core.service.picture_shelf import PictureShelf
from zimage_core.service.reading import body_of, read
from zimage_core.service.waiting import rendered

FILE_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=600, immutable",
}


class Image(Schema):
    """One picture, as base64 or by address, and what makes it again."""

    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None
    seed: int
    job_id: str


class Images(Schema):
    """What POST /v1/images/generations answers."""

    created: int
    """Seconds since 1970."""
    data: tuple[Image, ...]


def images_router(engine: Engine, settings: CoreSettings, shelf: PictureShelf) -> APIRouter:
    """Return the endpoints of OpenAI's image generation; `shelf` keeps the files."""
    router = APIRouter(tags=["images"])
    usual = presets(profile_of(settings))

    @router.post("/v1/images/generations", response_model=Images, openapi_extra=body_of(ImageRequest))
    async def generate(request: Request) -> Response:
        """Make `n` pictures of a prompt. With a `seed` the same request gives the same bytes."""
        asked = await read(request, ImageRequest, "The request")
        jobs = jobs_of(asked, usual, model_names(engine))
        results = await rendered(engine, jobs, request)
        images = []
        for job, result in zip(jobs, results, strict=True):
            image = Image(seed=job.seed, job_id=job.id)
            if asked.response_format == "url":
                address = request.url_for("file", name=shelf.keep(result.png))
                images.append(image.model_copy(update={"url": str(address)}))
            else:
                text = base64.b64encode(result.png).decode()
                images.append(image.model_copy(update={"b64_json": text}))
        answer = Images(created=int(time.time()), data=tuple(images))
        return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")

    @router.get("/v1/files/{name}", response_class=Response, name="file")
    async def file(name: str) -> Response:
        """Return the bytes of a picture that was answered by address a short while ago."""
        picture = shelf.take(name)
        return Response(picture.data, media_type=picture.media_type, headers=FILE_HEADERS)

    return router
