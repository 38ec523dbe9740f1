"""The description of the API: for programs as OpenAPI, for people as a page without a foreign script."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from studio.pages import page
from studio.visitors import Allow

router = APIRouter(dependencies=[Depends(Allow())], include_in_schema=False)


@router.get("/openapi.json")
def document(request: Request) -> Response:
    """Return the OpenAPI document."""
    app: FastAPI = request.app
    return JSONResponse(app.openapi())


@router.get("/docs")
def show(request: Request) -> Response:
    """Show the operations with their parameters and answers."""
    app: FastAPI = request.app
    told = app.openapi()
    operations = [
        {"path": path, "method": method.upper(), **_told(operation)}
        for path, methods in sorted(told["paths"].items())
        for method, operation in methods.items()
    ]
    return page(request, "api_docs.html.j2", operations=operations)


def _told(operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "does": operation.get("description") or operation.get("summary", ""),
        "parameters": [
            f"{one['name']}{'' if one.get('required') else '?'}" for one in operation.get("parameters", ())
        ],
        "body": [f"{kind}: {_name_of(told.get('schema', {}))}" for kind, told in body.items()],
        "answers": {
            code: f"{answer.get('description', '')}" for code, answer in operation["responses"].items()
        },
    }


def _name_of(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", schema.get("type", ""))).rpartition("/")[2]
