"""A shot's files for the channels: whether they fit their slots by the record, and opened anew."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from catalog import NotRegistered
from schemas import Rendition, RenditionSpec
from studio.desk import Desk
from zimage_core.renditions.checklist import Finding, Finished, checked

KINDS = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Misfit:
    """Something that a slot does not take: a key of the words, what it is, and what it should be."""

    key: str
    got: str
    wanted: str


@dataclass(frozen=True)
class ShotFile:
    """A file with the recipe that made it, None when the table has it no longer, and what does not fit."""

    rendition: Rendition
    spec: RenditionSpec | None
    misfits: tuple[Misfit, ...]


@dataclass(frozen=True)
class OpenedFile:
    """A file's findings when it was opened anew; None when it is not where it was put."""

    file: ShotFile
    findings: tuple[Finding, ...] | None


def shot_files(desk: Desk, renditions: Sequence[Rendition]) -> tuple[ShotFile, ...]:
    """Hold files against their slots by what was recorded of them, which costs no reading."""
    specs = {spec.fingerprint: spec for spec in desk.recipes.specs}
    return tuple(_judged(one, specs.get(one.recipe)) for one in renditions)


def opened(desk: Desk, sku: str, files: Sequence[ShotFile]) -> tuple[OpenedFile, ...]:
    """Open every file and hold it against its slot; seconds for many large ones."""
    return tuple(OpenedFile(file, _findings(desk, sku, file)) for file in files)


def file_data(desk: Desk, rendition: Rendition) -> bytes:
    """Read a file; raises NotRegistered when it is not where it was put."""
    (file,) = shot_files(desk, [rendition])
    path = _path(desk, file)
    if path is None:
        raise NotRegistered(
            f"The file {rendition.file_name} is not where it was put.", rendition=rendition.id
        )
    return path.read_bytes()


def disposition(name: str) -> str:
    """Return the header that has a browser save a file under `name` (RFC 6266), whatever is in it."""
    plain = _PLAIN.sub("_", name).lstrip(".") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _judged(rendition: Rendition, spec: RenditionSpec | None) -> ShotFile:
    return ShotFile(rendition, spec, tuple(_misfits(rendition, spec)) if spec else ())


def _misfits(made: Rendition, spec: RenditionSpec) -> Iterator[Misfit]:
    if made.format not in spec.formats:
        yield Misfit("other_format", made.format, ", ".join(spec.formats))
    if (made.width, made.height) != (spec.width, spec.height) and not spec.slice_height:
        yield Misfit("other_size", f"{made.width} × {made.height}", f"{spec.width} × {spec.height}")
    if made.byte_count > spec.max_bytes:
        yield Misfit("too_heavy", f"{made.byte_count:,}", f"{spec.max_bytes:,}")


def _findings(desk: Desk, sku: str, file: ShotFile) -> tuple[Finding, ...] | None:
    path = _path(desk, file)
    if path is None or file.spec is None:
        return None
    rendition = file.rendition
    return checked(Finished(sku, path.read_bytes(), file.spec, rendition, rendition.file_name)).findings


def _path(desk: Desk, file: ShotFile) -> Path | None:
    """Find a file in its channel's folder, or in any when its recipe is no longer in the table."""
    folders = [desk.exports / file.spec.channel] if file.spec else sorted(desk.exports.glob("*/"))
    paths = [folder / Path(file.rendition.file_name).name for folder in folders]
    return next((path for path in paths if path.is_file()), None)
