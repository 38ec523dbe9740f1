"""What programs are told of the API: its OpenAPI document, with every refusal described as it is sent."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

PROGRAMS = ("/api/", "/pictures/", "/thumbnails/", "/healthz", "/readyz", "/openapi.json")
"""Beginnings of the paths that programs use; the rest are pages and may change at any time."""

KEYLESS = frozenset({"/healthz", "/readyz"})
"""What is answered to anybody."""

REFUSALS = {
    400: "The request cannot be read",
    401: "No key, or one that is unknown, expired or revoked",
    403: "The key's role or scopes do not allow this",
    413: "The body is too large",
    421: "The address is not one that the studio answers to",
    422: "Something in the request is not as described",
    503: "The catalog cannot be reached at the moment",
}
"""What any operation may answer besides its own."""

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 has it.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "The name of the problem, for programs."},
        "detail": {"type": "string", "description": "One sentence for people."},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}


class DescribedApp(FastAPI):
    """An application whose OpenAPI document names the problems and the key that it takes."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = described(
                get_openapi(
                    title=self.title, version=self.version, description=self.description, routes=self.routes
                )
            )
        return self.openapi_schema


def is_for_programs(routes: Iterable[BaseRoute]) -> bool:
    """Tell whether one of `routes` is for programs."""
    return any(str(getattr(route, "path", "")).startswith(PROGRAMS) for route in routes)


def described(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document with the refusals and the key's scheme put in, and pages left out."""
    paths = {path: told for path, told in document["paths"].items() if path.startswith(PROGRAMS)}
    for path, operations in paths.items():
        for operation in operations.values():
            operation["responses"] = _responses(operation["responses"])
            if path in KEYLESS:
                operation["security"] = []
    components = dict(document.get("components", {}))
    schemas = {
        name: told for name, told in components.get("schemas", {}).items() if "ValidationError" not in name
    }
    components["schemas"] = {**schemas, "Problem": PROBLEM}
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return {**document, "paths": paths, "components": components, "security": [{"key": []}]}


def _responses(told: Mapping[str, Any]) -> dict[str, Any]:
    known = {code: answer for code, answer in told.items() if not code.isdigit() or int(code) < 400}
    refusals = {str(code): description for code, description in REFUSALS.items()}
    refusals |= {code: answer["description"] for code, answer in told.items() if code not in known}
    refusals["422"] = REFUSALS[422] if refusals["422"] == "Validation Error" else refusals["422"]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    problems = {
        code: {"description": description, "content": content} for code, description in refusals.items()
    }
    return {**known, **dict(sorted(problems.items()))}
