"""From the bytes of a request to a schema, and what the OpenAPI page says about them.

Bodies are read here and not by FastAPI: pydantic's own JSON reader takes bytes as base64, and is faster.
"""

from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request

from schemas import Schema
from zimage_core.errors import RequestTooSlow
from zimage_core.problems import MEDIA_TYPE, invalid_job

S = TypeVar("S", bound=Schema)

REFERENCE = "#/components/schemas/{model}"


async def read(request: Request, schema: type[S], subject: str) -> S:
    """Return the request's JSON as `schema`; raise InvalidRender whose sentence begins with `subject`."""
    try:
        return schema.model_validate_json(await request.body())
    except ClientDisconnect as error:
        raise RequestTooSlow("The client left before its request was complete.") from error
    except ValidationError as error:
        raise invalid_job(error, subject) from error


def body_of(schema: type[Schema]) -> dict[str, Any]:
    """Return what FastAPI takes as `openapi_extra` of an endpoint whose body is `schema`."""
    described = schema.model_json_schema(ref_template=REFERENCE)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": described}}}}


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, with the bodies' schemas among its components."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    shared = document.setdefault("components", {}).setdefault("schemas", {})
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = {
                "description": "What went wrong, in one sentence.",
                "content": {MEDIA_TYPE: {}, "application/json": {}},
            }
            content = operation.get("requestBody", {}).get("content", {})
            for media in content.values():
                shared.update(media["schema"].pop("$defs", {}))
    return document
