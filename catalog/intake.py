"""Whether there is room for new work: with the pictures' disk nearly full, nothing new is taken in."""

import shutil
from pathlib import Path

from catalog.errors import IntakeClosed
from catalog.shelves import FolderShelf, Shelf
from schemas import Schema

FULL_SHARE = 0.9
"""Share of the disk in use from which nothing new is taken in ..."""

PLENTY = 50 << 30
"""... unless this many bytes are free all the same: 5,000 pictures with their files take about 40 GB."""


class Room(Schema):
    """The disk that the pictures are kept on, in bytes."""

    folder: Path
    free: int
    size: int

    @property
    def closed(self) -> bool:
        """Whether new work is refused."""
        return self.free < PLENTY and self.size - self.free >= FULL_SHARE * self.size

    @property
    def sentence(self) -> str:
        """Say how full it is and what would be right."""
        used = 100 * (1 - self.free / self.size) if self.size else 100
        return (
            f"The disk of {self.folder} is {used:.0f} % full, so nothing new is taken in; "
            f"make room until less than {100 * FULL_SHARE:.0f} % are used."
        )


def room_of(shelf: Shelf) -> Room | None:
    """Return the room on the shelf's disk; None for a bucket, which has no end that we know."""
    if not isinstance(shelf, FolderShelf):
        return None
    there = shelf.root
    while not there.exists():
        there = there.parent
    usage = shutil.disk_usage(there)
    return Room(folder=shelf.root, free=usage.free, size=usage.free + usage.used)


def require_room(shelf: Shelf) -> None:
    """Raise IntakeClosed when there is no room for new work."""
    room = room_of(shelf)
    if room is not None and room.closed:
        raise IntakeClosed(room.sentence)
