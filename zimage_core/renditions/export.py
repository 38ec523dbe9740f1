"""From an accepted master to the finished files of its channel slots."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from schemas import LabelPolicy, Rendition, RenditionSpec, Shot, sha256_hex
from schemas.renditions import rendition_id
from zimage_core.errors import ExportFailed
from zimage_core.renditions.encoding import Encodings
from zimage_core.renditions.label import AiLabel, AiSystem, xmp_packet
from zimage_core.renditions.lightbox import Lightbox, Tools, View
from zimage_core.renditions.master import open_master
from zimage_core.renditions.naming import file_name
from zimage_core.renditions.preflight import Measures, measured, read_back

Z_IMAGE = AiSystem("Z-Image")
OWN_TOOLS = Tools()
"""Rendering with nothing but this package."""


@dataclass(frozen=True)
class ExportedFile:
    """A finished file's bytes and its record, as read back."""

    data: bytes
    rendition: Rendition


@dataclass(frozen=True)
class _Order:
    """What all files of one master have in common."""

    shot: Shot
    master: str
    producer: str
    made_at: datetime
    system: AiSystem

    def label(self, spec: RenditionSpec) -> AiLabel:
        produce_id = rendition_id(self.shot.id, self.master, spec.fingerprint)
        return AiLabel(self.producer, produce_id, self.made_at, self.system)


def export(
    master_png: bytes,
    spec: RenditionSpec,
    shot: Shot,
    producer: str,
    made_at: datetime,
    system: AiSystem = Z_IMAGE,
    tools: Tools = OWN_TOOLS,
) -> ExportedFile:
    """Make the file that `spec` asks for from an accepted master, and prove it by reading it back.

    `producer` and `system` go into the AI label, `made_at` is the label's time of making (with a zone). The
    same arguments give the same bytes. Raises ExportFailed naming what stands in the way.
    """
    (made,) = export_all(master_png, (spec,), shot, producer, made_at, system, tools)
    if isinstance(made, ExportFailed):
        raise made
    return made


def export_all(
    master_png: bytes,
    specs: Sequence[RenditionSpec],
    shot: Shot,
    producer: str,
    made_at: datetime,
    system: AiSystem = Z_IMAGE,
    tools: Tools = OWN_TOOLS,
    pool: Executor | None = None,
) -> tuple[ExportedFile | ExportFailed, ...]:
    """Make the files of several slots: for each of `specs`, in order, the file or why there is none.

    Each file has the bytes that `export` alone would give it; the master is decoded once, and slots that show
    the same pixels share resize and encode. `pool` takes threads, because Pillow lets go of the interpreter
    where the work is; without one all is done in the caller's thread.
    """
    order = _Order(shot, sha256_hex(master_png), producer, made_at, system)
    results: dict[int, ExportedFile | ExportFailed] = {}
    try:
        lightbox = Lightbox(open_master(master_png), shot.shot_type, tools)
    except ExportFailed as error:
        return (error,) * len(specs)
    groups: dict[View, list[int]] = defaultdict(list)
    for number, spec in enumerate(specs):
        try:
            _check(spec, shot)
            groups[lightbox.view(spec)].append(number)
        except ExportFailed as error:
            results[number] = error
    works = [(lightbox, view, [specs[n] for n in numbers], order) for view, numbers in groups.items()]
    made: Iterable[list[ExportedFile | ExportFailed]] = (
        pool.map(_files_of, works) if pool else map(_files_of, works)
    )
    for numbers, files in zip(groups.values(), made, strict=True):
        results.update(zip(numbers, files, strict=True))
    return tuple(results[number] for number in range(len(specs)))


def _check(spec: RenditionSpec, shot: Shot) -> None:
    if shot.shot_type not in spec.shots:
        kinds = ", ".join(spec.shots)
        raise ExportFailed(f"{spec.slot} takes no {shot.shot_type} pictures; its recipe lists {kinds}.")
    if spec.label is LabelPolicy.VISIBLE:
        raise ExportFailed(f"{spec.slot} asks for a visible AI label, which cannot be drawn yet.")


def _files_of(
    work: tuple[Lightbox, View, list[RenditionSpec], _Order],
) -> list[ExportedFile | ExportFailed]:
    """Make the files of the slots that show the same view."""
    lightbox, view, specs, order = work
    encodings = Encodings(lightbox.drawn(view))
    proven: dict[bytes, Measures] = {}
    files: list[ExportedFile | ExportFailed] = []
    for spec in specs:
        try:
            files.append(_file(encodings, proven, spec, order, lightbox.enlarged_from(view)))
        except ExportFailed as error:
            files.append(error)
    return files


def _file(
    encodings: Encodings,
    proven: dict[bytes, Measures],
    spec: RenditionSpec,
    order: _Order,
    enlarged_from: tuple[int, int] | None,
) -> ExportedFile:
    label = order.label(spec)
    data, bare = _encoded(encodings, spec, xmp_packet(label))
    if bare not in proven:
        proven[bare] = measured(data)
    seen = read_back(data, spec, label, proven[bare], encodings.image.size)
    rendition = Rendition(
        shot_id=order.shot.id,
        master=order.master,
        slot=spec.slot,
        recipe=spec.fingerprint,
        file_name=file_name(spec, order.shot, kind=seen.format),
        sha256=sha256_hex(data),
        byte_count=len(data),
        width=seen.width,
        height=seen.height,
        format=seen.format,
        upscaled_from=enlarged_from,
        label_id=seen.label_id,
    )
    return ExportedFile(data, rendition)


def _encoded(encodings: Encodings, spec: RenditionSpec, xmp: str) -> tuple[bytes, bytes]:
    """Return the file in the first of the recipe's formats that meets its byte range, and without label."""
    refusals = []
    for kind in spec.formats:
        try:
            return encodings.file(kind, spec.min_bytes, spec.max_bytes, xmp)
        except ExportFailed as error:
            refusals.append(error)
    raise refusals[0]
