"""What must be done so that the weights fit the device. Decides; touches no device."""

from collections.abc import Mapping

from zimage_core.errors import OutOfMemory
from zimage_core.ports import MemoryMode

WORK_SHARE = 0.15
"""Part of the free memory that is left to activations and to the allocator's waste."""

CAST_SHARE = 0.55
"""A transformer stored in 8 bits of 16 keeps its norms and embedders: a little more than half is left."""

OFFLOAD_SHARE = 0.1
"""Part of the transformer that is on the device at a time when its layers come in groups."""

NEEDS: Mapping[MemoryMode, tuple[float, float]] = {
    MemoryMode.FULL: (1.0, 1.0),
    MemoryMode.ENCODER_APART: (1.0, 0.0),
    MemoryMode.CASTING: (CAST_SHARE, 0.0),
    MemoryMode.OFFLOAD: (OFFLOAD_SHARE, 0.0),
}
"""Parts of the transformer and of the text encoder that each mode keeps on the device, best mode first."""


def mode_for(free: int, transformer: int, encoder: int, vae: int) -> MemoryMode:
    """Return the fastest mode in which weights of so many bytes fit into `free` bytes.

    Raises OutOfMemory when none does.
    """
    room = free * (1 - WORK_SHARE)
    for mode, (transformer_share, encoder_share) in NEEDS.items():
        if transformer * transformer_share + encoder * encoder_share + vae <= room:
            return mode
    need = transformer * OFFLOAD_SHARE + vae
    raise OutOfMemory(
        f"The device has {free / 1e9:.1f} GB free; {need / (1 - WORK_SHARE) / 1e9:.1f} GB are the least that "
        "these weights can be served in."
    )


def rows_in(free: int, row: int, limit: int) -> int:
    """Return how many rows of `row` bytes fit into what `free` bytes leave to them, from 1 to `limit`."""
    return max(1, min(limit, int(free * (1 - WORK_SHARE)) // max(1, row)))
