"""GET /v1/models as OpenAI's clients read it; load, unload and pin for admins."""

import asyncio
from concurrent.futures import Future

from fastapi import APIRouter

from schemas import Schema
from zimage_core.engine import Engine
from zimage_core.errors import CoreUnavailable, NothingThere
from zimage_core.service.image_requests import ADAPTED

LOAD_LIMIT_S = 600.0
"""Reading 12 GB of weights from a cold disk takes minutes."""


class Model(Schema):
    """A model that can be asked for by name, and whether it is on the device now."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "packshot"
    state: str = "absent"
    """`resident`, `absent`, or `failed` when its last load failed and nothing older serves."""
    pinned: bool = False
    bytes: int = 0
    fingerprint: str | None = None
    error: str | None = None


class Models(Schema):
    """Every model of this core."""

    object: str = "list"
    data: tuple[Model, ...]


def models_router(engine: Engine) -> APIRouter:
    """Return the endpoints that tell of `engine`'s models and move them."""
    router = APIRouter(tags=["models"])

    @router.get("/v1/models")
    async def models() -> Models:
        """List the models."""
        return Models(data=tuple(_models(engine)))

    @router.get("/v1/models/{model}")
    async def one(model: str) -> Model:
        """Tell about one model."""
        return model_named(engine, model)

    @router.post("/v1/models/{model}/load")
    async def load(model: str) -> Model:
        """Bring a model onto the device and return when it is there."""
        await _moved(engine.residents.load(model_named(engine, model).id))
        return model_named(engine, model)

    @router.post("/v1/models/{model}/unload")
    async def unload(model: str) -> Model:
        """Take a model off the device; the next job that needs it brings it back."""
        await _moved(engine.residents.unload(model_named(engine, model).id))
        return model_named(engine, model)

    @router.post("/v1/models/{model}/pin")
    async def pin(model: str) -> Model:
        """Keep a model on the device, whatever else needs room."""
        engine.residents.pin(model_named(engine, model).id, pinned=True)
        return model_named(engine, model)

    @router.post("/v1/models/{model}/unpin")
    async def unpin(model: str) -> Model:
        """Let a model go again when others need room."""
        engine.residents.pin(model_named(engine, model).id, pinned=False)
        return model_named(engine, model)

    return router


def model_names(engine: Engine) -> frozenset[str]:
    """Return the names of all models that can be asked for."""
    return frozenset(model.id for model in _models(engine))


def model_named(engine: Engine, name: str) -> Model:
    """Return the model of that name; raise NothingThere."""
    for model in _models(engine):
        if model.id == name:
            return model
    known = ", ".join(sorted(model_names(engine)))
    raise NothingThere(f"There is no model {name[:60]!r}; there are {known}.", field="model")


def _models(engine: Engine) -> list[Model]:
    """Return what the engine holds, and every adapter of its folder on every variant."""
    models = {
        view.name: Model(
            id=view.name,
            state=view.state,
            pinned=view.pinned,
            bytes=view.bytes,
            fingerprint=view.fingerprint,
            error=view.error,
        )
        for view in engine.residents.list()
    }
    for adapter in engine.residents.adapters():
        for variant in engine.backend.models():
            name = f"{variant}{ADAPTED}{adapter}"
            models.setdefault(name, Model(id=name))
    return list(models.values())


async def _moved(future: "Future[None]") -> None:
    try:
        await asyncio.wait_for(asyncio.wrap_future(future), LOAD_LIMIT_S)
    except TimeoutError as error:
        raise CoreUnavailable(f"The model was not moved within {LOAD_LIMIT_S:g} s.") from error
