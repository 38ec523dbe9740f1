"""From an accepted master to the finished files of its channel slots."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime

from schemas import LabelDecision, LetteringRecord, Rendition, RenditionSpec, Shot, sha256_hex
from schemas.renditions import rendition_id
from zimage_core.errors import ExportFailed
from zimage_core.renditions.encoding import Encodings
from zimage_core.renditions.imprint import Imprint
from zimage_core.renditions.label import AiLabel, AiSystem, xmp_packet
from zimage_core.renditions.lightbox import Lightbox, Tools, View
from zimage_core.renditions.master import open_master
from zimage_core.renditions.naming import file_name
from zimage_core.renditions.preflight import Measures, measured, read_back
from zimage_core.renditions.signing import read_signature, sign
from zimage_core.renditions.visible_label import decide

Z_IMAGE = AiSystem("Z-Image")
OWN_TOOLS = Tools()
"""Rendering with nothing but this package."""

SOUND = ("Valid", "Trusted")
"""States of a signature that was read back; without trust anchors, Valid is all that can be said."""


@dataclass(frozen=True)
class ExportedFile:
    """A finished file's bytes and its record, as read back."""

    data: bytes
    rendition: Rendition


Exported = ExportedFile | ExportFailed
"""What became of one slot: its file, or why there is none."""


@dataclass(frozen=True)
class _Order:
    """What all files of one master have in common."""

    shot: Shot
    master: str
    imprint: Imprint
    made_at: datetime
    system: AiSystem

    def label(self, spec: RenditionSpec) -> AiLabel:
        produce_id = rendition_id(self.shot.id, self.master, spec.fingerprint)
        return AiLabel(self.imprint.producer, produce_id, self.made_at, self.system)


@dataclass
class _Print:
    """A view's pixels with what is drawn on them, and what is known of their encodes."""

    encodings: Encodings
    decision: LabelDecision | None = None
    lettering: LetteringRecord | None = None
    proven: dict[bytes, Measures] = field(default_factory=dict)


def export(
    master_png: bytes,
    spec: RenditionSpec,
    shot: Shot,
    imprint: Imprint | str,
    made_at: datetime,
    system: AiSystem = Z_IMAGE,
    tools: Tools = OWN_TOOLS,
) -> ExportedFile:
    """Make the file that `spec` asks for from an accepted master, and prove it by reading it back.

    `imprint` (or just its producer) and `system` go into the AI label, `made_at` is the label's time of
    making, with a zone. The same arguments give the same bytes, but for a signature. Raises ExportFailed
    naming what stands in the way.
    """
    (made,) = export_all(master_png, (spec,), shot, imprint, made_at, system, tools)
    if isinstance(made, ExportFailed):
        raise made
    return made


def export_all(
    master_png: bytes,
    specs: Sequence[RenditionSpec],
    shot: Shot,
    imprint: Imprint | str,
    made_at: datetime,
    system: AiSystem = Z_IMAGE,
    tools: Tools = OWN_TOOLS,
    pool: Executor | None = None,
) -> tuple[Exported, ...]:
    """Make the files of several slots: for each of `specs`, in order, the file or why there is none.

    Each file has the bytes that `export` alone would give it; the master is decoded once, and slots that show
    the same pixels share resize and encode. `pool` takes threads, because Pillow lets go of the interpreter
    where the work is; without one all is done in the caller's thread.
    """
    ours = Imprint(imprint) if isinstance(imprint, str) else imprint
    order = _Order(shot, sha256_hex(master_png), ours, made_at, system)
    try:
        lightbox = Lightbox(open_master(master_png), shot.shot_type, tools)
    except ExportFailed as error:
        return (error,) * len(specs)
    results: dict[int, Exported] = {}
    groups: dict[View, list[int]] = defaultdict(list)
    for number, spec in enumerate(specs):
        try:
            groups[_view(lightbox, spec, shot)].append(number)
        except ExportFailed as error:
            results[number] = error
    works = [(lightbox, view, [specs[n] for n in numbers], order) for view, numbers in groups.items()]
    made: Iterable[list[Exported]] = pool.map(_files_of, works) if pool else map(_files_of, works)
    for numbers, files in zip(groups.values(), made, strict=True):
        results.update(zip(numbers, files, strict=True))
    return tuple(results[number] for number in range(len(specs)))


def _view(lightbox: Lightbox, spec: RenditionSpec, shot: Shot) -> View:
    if shot.shot_type not in spec.shots:
        kinds = ", ".join(spec.shots)
        raise ExportFailed(f"{spec.slot} takes no {shot.shot_type} pictures; its recipe lists {kinds}.")
    return lightbox.view(spec)


def _files_of(work: tuple[Lightbox, View, list[RenditionSpec], _Order]) -> list[Exported]:
    """Make the files of the slots that show the same view."""
    lightbox, view, specs, order = work
    plain = lightbox.drawn(view)
    prints: dict[Hashable, _Print] = {(): _Print(Encodings(plain))}
    files: list[Exported] = []
    for spec in specs:
        try:
            drawing = order.imprint.drawing(spec, order.shot)
            if drawing not in prints:
                done = order.imprint.put_on(plain.copy(), spec, order.shot, lightbox.subject_in(view))
                full = Encodings(done.picture, full_colour=True)
                prints[drawing] = _Print(full, done.decision, done.lettering)
            files.append(_file(prints[drawing], spec, order, lightbox.enlarged_from(view)))
        except ExportFailed as error:
            files.append(error)
    return files


def _file(
    sheet: _Print, spec: RenditionSpec, order: _Order, enlarged_from: tuple[int, int] | None
) -> ExportedFile:
    label, imprint, size = order.label(spec), order.imprint, sheet.encodings.image.size
    measured_decision = sheet.decision
    decision = decide(spec, imprint.producer, imprint.requested_by)
    if measured_decision is not None and measured_decision.text == decision.text:
        decision = measured_decision.model_copy(update={"policy": decision.policy, "reason": decision.reason})
    data, bare = _encoded(
        sheet.encodings, spec, xmp_packet(label), imprint.signer.room if imprint.signer else 0
    )
    if bare not in sheet.proven:
        sheet.proven[bare] = measured(data)
    seen = read_back(data, spec, label, sheet.proven[bare], size)
    if imprint.signer:
        data = sign(data, seen.format, label, imprint.signer)
        # Signing rewrites the file, so all of it is proven anew.
        seen = read_back(data, spec, label, None, size)
        _check_signature(data, seen.format)
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
        label_decision=decision,
        lettering=sheet.lettering,
        signed_by=imprint.signer.name if imprint.signer else "",
    )
    return ExportedFile(data, rendition)


def _encoded(encodings: Encodings, spec: RenditionSpec, xmp: str, room: int) -> tuple[bytes, bytes]:
    """Return the file in the first of the recipe's formats that meets its byte range, and without label.

    `room` bytes are left for a signature, which pads the file, so it may only help to reach the least size.
    """
    refusals = []
    for kind in spec.formats:
        try:
            return encodings.file(kind, spec.min_bytes, spec.max_bytes - room, xmp)
        except ExportFailed as error:
            refusals.append(error)
    raise refusals[0]


def _check_signature(data: bytes, kind: str) -> None:
    state = read_signature(data, kind).state
    if state not in SOUND:
        raise ExportFailed(f"The file's signature reads back as {state}; {' or '.join(SOUND)} is expected.")
