"""What an engine may use, as the settings say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.settings import AUTO, CoreSettings
from zimage_core.batching import Batching
from zimage_core.encoding import EncodedAs
from zimage_core.ports import MemoryMode
from zimage_core.render_queue import PARKED_LIMIT


@dataclass(frozen=True)
class Limits:
    """What an engine may use, beside its queue's length and its widest pass."""

    batching: Batching = Batching.PROVEN
    parked: int = PARKED_LIMIT
    """Jobs that may have begun and not ended; their latents are on the device."""
    finishing: int = 8
    """Pictures that may wait to be scored and encoded."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Each tenant's part of the device; 1 for those not listed."""
    memory_bytes: int | None = None
    """Bytes of models that may be on the device; no bound when None."""
    idle_unload_s: float | None = None
    """Seconds without a job after which a model leaves the device; never when None."""
    encode: EncodedAs = EncodedAs.PNG


def limits_of(settings: CoreSettings) -> Limits:
    """Return the limits that `settings` name."""
    return Limits(
        batching=Batching(settings.batching),
        parked=settings.parked_limit,
        memory_bytes=None if settings.memory_gb is None else int(settings.memory_gb * 1e9),
        idle_unload_s=settings.idle_unload_s,
        encode=EncodedAs(settings.picture_format),
    )


def memory_mode_of(settings: CoreSettings) -> MemoryMode | None:
    """Return the memory mode that `settings` name; None where the free memory decides."""
    return None if settings.memory == AUTO else MemoryMode(settings.memory)
