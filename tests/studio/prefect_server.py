"""A small Prefect server for tests: two deployments, their runs, a password, and CSRF when it is on."""

import base64
import json
from typing import Any

import httpx

AUTH = "admin:open sesame"


class PrefectServer:
    """Answers as Prefect 3 does at the addresses that the studio calls; `away` refuses connections."""

    def __init__(self, *, csrf: bool = False, auth: str = AUTH) -> None:
        self.deployments = {"produce": "d-produce", "campaign": "d-campaign"}
        self.runs: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.away = False
        self._csrf = csrf
        self._auth = f"Basic {base64.b64encode(auth.encode()).decode()}"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.calls.append(f"{request.method} {path}")
        if self.away:
            raise httpx.ConnectError("refused", request=request)
        if request.headers.get("authorization") != self._auth:
            return httpx.Response(401, json={"exception_message": "Unauthorized"})
        if path == "/api/csrf-token":
            return httpx.Response(200, json={"token": f"for {request.url.params['client']}"})
        if self._csrf and request.method != "GET" and not _proven(request):
            return httpx.Response(403, json={"detail": "CSRF token required"})
        return self._answer(path, json.loads(request.content) if request.content else {})

    def _answer(self, path: str, body: dict[str, Any]) -> httpx.Response:
        parts = path.removeprefix("/api/").split("/")
        if path == "/api/flow_runs/filter":
            return httpx.Response(200, json=self._found(body)[: body["limit"]])
        if parts[:2] == ["deployments", "name"]:
            found = self.deployments.get(parts[2]) if parts[2] == parts[3] else None
            return httpx.Response(200, json={"id": found}) if found else httpx.Response(404)
        if parts[2] == "create_flow_run" and parts[1] in self.deployments.values():
            return self._created(parts[1], body)
        return httpx.Response(404, json={"detail": "Not found"})

    def _created(self, deployment: str, body: dict[str, Any]) -> httpx.Response:
        key = body.get("idempotency_key")
        for run in self.runs:
            if key and (run["deployment"], run.get("idempotency_key")) == (deployment, key):
                return httpx.Response(200, json=run)
        self.runs.append(
            {**body, "id": f"run-{len(self.runs) + 1}", "deployment": deployment, "state_type": "SCHEDULED"}
        )
        return httpx.Response(201, json=self.runs[-1])

    def _found(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        wanted = body["flow_runs"]
        names = wanted.get("name", {}).get("any_")
        tags = set(wanted["tags"]["all_"])
        return [
            run
            for run in reversed(self.runs)
            if tags <= set(run["tags"]) and (names is None or run.get("name") in names)
        ]


def _proven(request: httpx.Request) -> bool:
    client = request.headers.get("prefect-csrf-client", "")
    return bool(client) and request.headers.get("prefect-csrf-token") == f"for {client}"
