"""Which models there are, and moving them."""

import pytest

from tests.factories import a_job
from tests.zimage_core.service.conftest import Serve
from tests.zimage_core.service.served import through


def states(service: object) -> dict[str, str]:
    return {model["id"]: model["state"] for model in service.get("/v1/models").json()["data"]}  # type: ignore[attr-defined]  # a TestClient


def test_a_model_is_unloaded_and_loaded(serve: Serve) -> None:
    service = serve()
    assert states(service) == {"turbo": "resident", "base": "resident"}
    assert service.post("/v1/models/base/unload").json()["state"] == "absent"
    assert states(service)["base"] == "absent"
    assert service.post("/v1/models/base/load").json()["state"] == "resident"


def test_a_model_that_was_unloaded_comes_back_for_the_next_job(serve: Serve) -> None:
    service = serve()
    service.post("/v1/models/turbo/unload")
    assert through(service).render(a_job()).png
    assert states(service)["turbo"] == "resident"


def test_a_model_is_pinned_and_let_go(serve: Serve) -> None:
    service = serve()
    assert service.post("/v1/models/base/pin").json()["pinned"] is True
    assert service.get("/v1/models/base").json()["pinned"] is True
    assert service.post("/v1/models/base/unpin").json()["pinned"] is False


@pytest.mark.parametrize("deed", ["load", "unload", "pin", "unpin"])
def test_a_model_that_is_not_there_is_not_found(serve: Serve, deed: str) -> None:
    answer = serve().post(f"/v1/models/gpt/{deed}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "There is no model 'gpt'; there are base, turbo."
