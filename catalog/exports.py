"""Files that people take away, under the names their channel wants."""

from pathlib import Path

from catalog.files import checked_name, make_folder, settle, translated, write_durably


def publish(folder: Path, name: str, data: bytes) -> Path:
    """Put `data` at `folder/name`, whole and durable, and return the path; again writes nothing.

    Other bytes under the same name replace the file in one step, because a new master's rendition takes the
    old one's place. Raises RecordRefused for a name that could leave the folder, StoreFull and
    CatalogUnavailable.
    """
    path = folder / checked_name(name)
    make_folder(folder)
    if _holds(path, data):
        settle(path, folder)
    else:
        write_durably(path, data, staging=folder, root=folder)
    return path


def _holds(path: Path, data: bytes) -> bool:
    with translated(path):
        try:
            return path.stat().st_size == len(data) and path.read_bytes() == data
        except FileNotFoundError:
            return False
