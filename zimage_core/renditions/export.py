"""From an accepted master to one channel slot's finished file."""

from dataclasses import dataclass
from datetime import datetime

from PIL import Image

from schemas import LabelPolicy, Rendition, RenditionSpec, Shot, ShotType, sha256_hex
from schemas.records import rendition_id
from zimage_core.errors import ExportFailed
from zimage_core.renditions.encoding import EXTENSIONS, encode
from zimage_core.renditions.framing import framed, framed_on_white
from zimage_core.renditions.geometry import Box, window_for
from zimage_core.renditions.label import AiLabel, AiSystem, xmp_packet
from zimage_core.renditions.master import open_master
from zimage_core.renditions.preflight import WHITE, read_back
from zimage_core.renditions.subject import Pixels, subject_of
from zimage_core.renditions.whitening import whiten

FILL_MARGIN = 0.02
"""By how much a window aims above the slot's least fill, so that blur at the edges does not lose it."""

Z_IMAGE = AiSystem("Z-Image")


@dataclass(frozen=True)
class ExportedFile:
    """A finished file's bytes and its record, as read back."""

    data: bytes
    rendition: Rendition


def export(
    master_png: bytes,
    spec: RenditionSpec,
    shot: Shot,
    producer: str,
    made_at: datetime,
    system: AiSystem = Z_IMAGE,
) -> ExportedFile:
    """Make the file that `spec` asks for from an accepted master, and prove it by reading it back.

    `producer` and `system` go into the AI label, `made_at` is the label's time of making (with a zone). The
    same arguments give the same bytes. Raises ExportFailed naming what stands in the way.
    """
    if shot.shot_type not in spec.shots:
        raise ExportFailed(
            f"{spec.slot} takes no {shot.shot_type} pictures; its recipe lists {_kinds(spec)}."
        )
    if spec.label is LabelPolicy.VISIBLE:
        raise ExportFailed(f"{spec.slot} asks for a visible AI label, which cannot be drawn yet.")
    produce_id = rendition_id(shot.id, sha256_hex(master_png), spec.fingerprint)
    label = AiLabel(producer, produce_id, made_at, system)
    return _exported(master_png, spec, shot, label)


def _kinds(spec: RenditionSpec) -> str:
    return ", ".join(spec.shots)


def _exported(master_png: bytes, spec: RenditionSpec, shot: Shot, label: AiLabel) -> ExportedFile:
    picture = open_master(master_png)
    image, window = _drawn(picture, spec, shot.shot_type)
    data = encode(image, spec.format, spec.min_bytes, spec.max_bytes, xmp_packet(label))
    seen = read_back(data, spec, label)
    rendition = Rendition(
        shot_id=shot.id,
        master=sha256_hex(master_png),
        slot=spec.slot,
        recipe=spec.fingerprint,
        file_name=file_name(spec, shot),
        sha256=sha256_hex(data),
        byte_count=len(data),
        width=seen.width,
        height=seen.height,
        format=seen.format,
        upscaled_from=_enlarged(picture, window, spec),
        label_id=seen.label_id,
    )
    return ExportedFile(data, rendition)


def _drawn(picture: Pixels, spec: RenditionSpec, shot_type: ShotType) -> tuple[Image.Image, Box]:
    """Return the slot's picture and the window of the master that it shows."""
    size = spec.width, spec.height
    if spec.background != WHITE:
        subject = subject_of(picture, shot_type)
        window = _window(picture, spec, subject)
        return framed(picture, window, subject, size), window
    white = whiten(picture)
    subject = subject_of(white.picture, shot_type)
    height, width = picture.shape[:2]
    if min(subject.left, subject.top, width - subject.right, height - subject.bottom) <= 0:
        raise ExportFailed("The product touches the picture's edge; on white it must stand free to be whole.")
    window = _window(picture, spec, subject)
    return framed_on_white(white.picture, white.background, window, subject, size), window


def _window(picture: Pixels, spec: RenditionSpec, subject: Box) -> Box:
    height, width = picture.shape[:2]
    fill = min(1.0, spec.fill_min + FILL_MARGIN) if spec.fill_min else 0.0
    return window_for((width, height), (spec.width, spec.height), subject, spec.fit, fill)


def _enlarged(picture: Pixels, window: Box, spec: RenditionSpec) -> tuple[int, int] | None:
    """Return the size in px of the master's part that was enlarged; None when nothing was."""
    if window.width >= spec.width:
        return None
    height, width = picture.shape[:2]
    shown = window.clipped((width, height))
    return round(shown.width), round(shown.height)


def file_name(spec: RenditionSpec, shot: Shot) -> str:
    """Return the slot's file name for the shot."""
    return spec.naming.format(
        sku=shot.form.sku, slot=spec.slot, shot=shot.shot_type.value, ext=EXTENSIONS[spec.format]
    )
