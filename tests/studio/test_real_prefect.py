"""The calls to Prefect are held against a real server, with its password and its CSRF protection on."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas import settings_from
from studio.prefect_calls import PrefectNudge, nudge_for
from tests.factories import a_form

AUTH = ("admin", "open sesame")
CALLER = {"prefect-csrf-client": "test"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on a port of its own, with the two deployments that the studio starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    home = tmp_path_factory.mktemp("prefect")
    environ = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_API_AUTH_STRING": ":".join(AUTH),
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([*command, "--no-ui"], env=environ, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/api"
    try:
        wait_for(address)
        deploy(address)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str) -> None:
    for _ in range(240):
        try:
            if httpx.get(f"{address}/health", auth=AUTH, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise TimeoutError(address)


def deploy(address: str) -> None:
    with httpx.Client(base_url=address, auth=AUTH, timeout=20) as client:
        token = client.get("/csrf-token", params={"client": "test"}).json()["token"]
        client.headers.update({**CALLER, "prefect-csrf-token": token})
        for name in ("produce", "campaign"):
            flow = client.post("/flows/", json={"name": name}).raise_for_status().json()["id"]
            body: dict[str, Any] = {"name": name, "flow_id": flow, "parameters": {"workspace": "/data"}}
            client.post("/deployments/", json=body).raise_for_status()


@pytest.mark.slow
def test_a_real_server_takes_our_calls(api: str, tmp_path: Path) -> None:
    secret = tmp_path / "auth"
    secret.write_text(":".join(AUTH))
    environ = {"PACKSHOT_STUDIO__PREFECT_URL": api, "PACKSHOT_STUDIO__PREFECT_AUTH_FILE": str(secret)}
    nudge = nudge_for(settings_from(environ).studio)
    assert isinstance(nudge, PrefectNudge)
    form = a_form()

    page = nudge.form_submitted("spring", form)
    assert page.startswith(api.removesuffix("/api") + "/runs/flow-run/")
    assert nudge.form_submitted("spring", form) == page
    run = httpx.get(f"{api}/flow_runs/{page.rpartition('/')[2]}", auth=AUTH, timeout=10).json()
    assert type(form).model_validate(run["parameters"].pop("form")) == form
    assert run["parameters"] == {"campaign": "spring", "workspace": "/data"}
    assert {"packshot", "campaign:spring"} <= set(run["tags"])

    campaign = nudge.submitted("spring", "sheet")
    assert campaign != page
    assert nudge.submitted("spring", "sheet") == campaign
    nudge.close()
    fresh = nudge_for(settings_from(environ).studio)
    assert isinstance(fresh, PrefectNudge)
    assert fresh.run_page("spring", form.sku) == page
    assert fresh.run_page("spring") in {page, campaign}
    assert fresh.run_page("autumn") == ""
    fresh.close()
