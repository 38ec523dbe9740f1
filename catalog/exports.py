"""Files that people take away, under the names their channel wants."""

from pathlib import Path

from catalog.files import checked_name
from catalog.shelves import FolderShelf
from catalog.store import shelf_at


def publish(folder: Path | str, name: str, data: bytes) -> str:
    """Put `data` at `folder/name`, whole and durable, and return its address; again writes nothing.

    `folder` may be an address such as `s3://bucket/prefix/taobao`. Other bytes under the same name replace
    the file in one step, because a new master's rendition takes the old one's place. Raises RecordRefused for
    a name that could leave the folder, StoreFull and CatalogUnavailable.
    """
    plain = checked_name(name)
    shelf = FolderShelf(folder) if isinstance(folder, Path) else shelf_at(folder)
    return shelf.replace(plain, data)
