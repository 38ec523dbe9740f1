"""What OpenAI's clients ask for, and the RenderJobs that it means."""

import re
import secrets
from collections.abc import Collection, Mapping
from typing import Literal

from pydantic import Field

from schemas import Preset, RenderJob, Schema, Variant, content_id
from zimage_core.errors import InvalidRender, NothingThere
from zimage_core.problems import nearest_side
from zimage_core.service.texts import check_text

SEEDS = 2**31
SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
AUTO = "auto"
ADAPTED = "+"
"""Between a variant and the adapter on it, in a model's name."""


class ImageRequest(Schema):
    """The body of POST /v1/images/generations: OpenAI's fields, and four of ours.

    Ours are `seed`, `priority`, `deadline_ms` and `negative_prompt`. A field of OpenAI's that would change
    the picture in a way we cannot is refused, not ignored; `user` is read and not used.
    """

    prompt: str = Field(min_length=1)
    n: int = Field(default=1, ge=1, le=10)
    size: str = AUTO
    model: str = Variant.TURBO.value
    response_format: Literal["b64_json", "url"] = "b64_json"
    seed: int | None = Field(default=None, ge=0, lt=SEEDS)
    """The first picture's; the next ones get the numbers after it. Chosen by chance when left out."""
    priority: int = Field(default=0, ge=-100, le=100)
    deadline_ms: int | None = Field(default=None, gt=0)
    negative_prompt: str = ""
    user: str | None = None
    quality: Literal["auto", "standard"] = "auto"
    output_format: Literal["png"] = "png"
    stream: Literal[False] = False


def jobs_of(
    asked: ImageRequest, presets: Mapping[Variant, Preset], models: Collection[str]
) -> list[RenderJob]:
    """Return the `n` jobs of a request; `models` are the names that can be asked for.

    The same request with a seed always gives the same jobs. Raises InvalidRender for a text or size that
    cannot be rendered, NothingThere for a model that is not served.
    """
    check_text(asked.prompt, "prompt")
    check_text(asked.negative_prompt, "negative_prompt")
    preset = _preset(asked, presets, models)
    if asked.negative_prompt and not preset.guidance:
        raise InvalidRender(
            f"negative_prompt: {asked.model} works without guidance and cannot heed it; ask for base.",
            field="negative_prompt",
        )
    seed = secrets.randbelow(SEEDS) if asked.seed is None else asked.seed
    spec = content_id("prompt", [asked.prompt, asked.negative_prompt])
    return [
        RenderJob(
            prompt=asked.prompt,
            negative=asked.negative_prompt,
            preset=preset,
            seed=(seed + number) % SEEDS,
            spec=spec,
            priority=asked.priority,
            deadline_s=None if asked.deadline_ms is None else asked.deadline_ms / 1000,
        )
        for number in range(asked.n)
    ]


def _preset(asked: ImageRequest, presets: Mapping[Variant, Preset], models: Collection[str]) -> Preset:
    if asked.model not in models:
        raise NothingThere(
            f"There is no model {asked.model[:60]!r}; there are {', '.join(sorted(models))}.", field="model"
        )
    variant, _, adapter = asked.model.partition(ADAPTED)
    usual = presets[Variant(variant)]
    width, height = (usual.width, usual.height) if asked.size == AUTO else _sides(asked.size)
    changes = {"width": width, "height": height, "adapter": adapter or None}
    return Preset.model_validate({**usual.model_dump(), **changes})


def _sides(size: str) -> tuple[int, int]:
    match = SIZE.fullmatch(size)
    if match is None:
        raise InvalidRender("size: it must be auto or WIDTHxHEIGHT in pixels, such as 512x512.", field="size")
    width, height = int(match[1]), int(match[2])
    nearest = nearest_side(width), nearest_side(height)
    if (width, height) != nearest:
        raise InvalidRender(
            f"size: {size} cannot be rendered, as sides are multiples of 16 from 16 to 2048; "
            f"the nearest is {nearest[0]}x{nearest[1]}.",
            field="size",
        )
    return width, height
