"""Holding finished files against every rule of their slot, for a report that people read before uploading."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas import LabelPolicy, Rendition, RenditionSpec, Schema, TextPolicy, sha256_hex
from zimage_core.errors import ExportFailed
from zimage_core.renditions.label import read_label
from zimage_core.renditions.preflight import WHITE, Measures, measured

ASPECT_SLACK = 0.01
"""By how much a shape may differ from the rule's: whole px cannot hit every ratio."""

LOOK_SIDE = 16
SAME_LOOK = 6.0
"""Mean difference in levels, on 16 x 16 px, below which two pictures of a listing look the same."""


class Finding(Schema):
    """One rule held against one file or listing, and how sure the rule itself is."""

    sku: str
    place: str
    """The file's name, or the listing slot that a count is about."""
    rule: str
    wanted: str
    measured: str
    passed: bool
    source: str
    source_date: str
    confidence: str


@dataclass(frozen=True)
class Finished:
    """One file as it would be uploaded, with its recipe and its record."""

    sku: str
    data: bytes
    spec: RenditionSpec
    rendition: Rendition
    name: str


@dataclass(frozen=True)
class Checked:
    """A file's findings, and what is kept of it to compare it with others."""

    file: Finished
    findings: tuple[Finding, ...]
    look: NDArray[np.int16] | None


def checked(file: Finished) -> Checked:
    """Hold one file against its slot; a file that cannot be read has that as its only finding."""
    try:
        seen = measured(file.data)
        found_label = read_label(file.data).produce_id
    except ExportFailed as error:
        unreadable = _finding(file, "opens with its label", "a readable file", error.message, passed=False)
        return Checked(file, (unreadable,), None)
    rules = [*_of_the_file(file, seen), *_of_the_picture(file, seen), *_of_the_label(file, found_label)]
    findings = tuple(_finding(file, rule, wanted, got, passed=ok) for rule, wanted, got, ok in rules)
    return Checked(file, findings, _look(file.data))


Rule = tuple[str, str, str, bool]
"""What is checked, what is wanted, what was measured, and whether it passed."""


def _of_the_file(file: Finished, seen: Measures) -> list[Rule]:
    spec, size = file.spec, len(file.data)
    most = (
        f"{spec.min_bytes} to {spec.max_bytes} bytes" if spec.min_bytes else f"at most {spec.max_bytes} bytes"
    )
    known = sha256_hex(file.data) == file.rendition.sha256
    return [
        ("format", " or ".join(spec.formats), seen.format, seen.format in spec.formats),
        ("bytes", most, str(size), spec.min_bytes <= size <= spec.max_bytes),
        ("same as recorded", file.rendition.sha256[:12], "the same" if known else "changed since", known),
        ("still picture", "1 frame", str(seen.frames), seen.frames == 1),
    ]


def _of_the_picture(file: Finished, seen: Measures) -> list[Rule]:
    spec = file.spec
    size = f"{seen.width} x {seen.height}"
    right = seen.width == spec.width and (seen.height == spec.height or spec.slice_height > 0)
    wanted = f"{spec.width} x {'free' if spec.slice_height else spec.height}"
    rules = [("size", wanted, size, right), ("colour", "RGB, read as sRGB", seen.mode, seen.mode == "RGB")]
    if spec.least:
        inside = seen.width >= spec.least[0] and seen.height >= spec.least[1]
        rules.append(("least size", f"{spec.least[0] or 'any'} x {spec.least[1] or 'any'}", size, inside))
    if spec.most:
        tall = spec.most[1] if not spec.slice_height else 0
        inside = seen.width <= (spec.most[0] or seen.width) and seen.height <= (tall or seen.height)
        rules.append(("greatest size", f"{spec.most[0] or 'any'} x {tall or 'any'}", size, inside))
    if spec.aspect != "any":
        rules.append(("shape", spec.aspect, size, shape_fits(spec.aspect, seen.width, seen.height)))
    if spec.background == WHITE:
        off = f"{seen.impure:.1%} of the border is not white"
        rules.append(("background", "pure white to the border", off, seen.impure == 0.0))
    if spec.fill_min:
        rules.append(
            (
                "product's share",
                f"at least {spec.fill_min:.0%}",
                f"{seen.fill:.1%}",
                seen.fill >= spec.fill_min,
            )
        )
    enlarged = file.rendition.upscaled_from
    told = f"enlarged from {enlarged[0]} x {enlarged[1]}" if enlarged else "not enlarged"
    rules.append(("enlargement", "told where there is any", told, True))
    return rules


def _of_the_label(file: Finished, found: str) -> list[Rule]:
    spec, record = file.spec, file.rendition
    rules = [("AI label in the metadata", record.label_id, found, found == record.label_id)]
    decision = record.label_decision
    if spec.label is LabelPolicy.VISIBLE:
        shown = f"{decision.text}, {decision.height_px} px" if decision and decision.text else "none recorded"
        rules.append(("AI label to be seen", spec.label_reason, shown, bool(decision and decision.text)))
    elif spec.label is LabelPolicy.ON_REQUEST:
        asked = decision.requested_by if decision else ""
        rules.append(
            ("AI label left off on request", spec.label_reason, asked or "no request recorded", bool(asked))
        )
    if spec.text is TextPolicy.FORBIDDEN:
        texts = record.lettering.texts if record.lettering else ()
        rules.append(("no copy text", "none", ", ".join(texts) or "none", not texts))
    return rules


def listing_findings(files: Sequence[Checked]) -> tuple[Finding, ...]:
    """Check each product's listings as a whole: how many pictures they hold, and that all differ."""
    listings: dict[tuple[str, str], list[Checked]] = {}
    for each in files:
        listings.setdefault((each.file.sku, each.file.spec.listing), []).append(each)
    findings: list[Finding] = []
    for (_, listing), members in listings.items():
        findings += _counted(listing, members)
        findings.append(_unlike(listing, members))
    return tuple(findings)


def _counted(listing: str, members: list[Checked]) -> list[Finding]:
    spec = members[0].file.spec
    most = spec.count_max
    if not spec.count_min and most is None:
        return []
    wanted = f"{spec.count_min} to {most}" if most is not None else f"at least {spec.count_min}"
    count = len(members)
    passed = spec.count_min <= count <= (most if most is not None else count)
    return [_finding(members[0].file, "number of pictures", wanted, str(count), passed=passed, place=listing)]


def _unlike(listing: str, members: list[Checked]) -> Finding:
    twins = [
        f"{one.file.name} and {other.file.name}"
        for number, one in enumerate(members)
        for other in members[number + 1 :]
        if _alike(one, other)
    ]
    return _finding(
        members[0].file,
        "no duplicates",
        "pictures that differ",
        f"{'; '.join(twins)} look the same" if twins else "all differ",
        passed=not twins,
        place=listing,
    )


def _alike(one: Checked, other: Checked) -> bool:
    if one.look is None or other.look is None:
        return one.file.data == other.file.data
    return float(np.abs(one.look - other.look).mean()) < SAME_LOOK


def _look(data: bytes) -> NDArray[np.int16]:
    with Image.open(BytesIO(data)) as image:
        small = image.convert("RGB").resize((LOOK_SIDE, LOOK_SIDE), Image.Resampling.BOX)
    return np.asarray(small).astype(np.int16)


def shape_fits(rule: str, width: int, height: int) -> bool:
    """Say whether width:height meets `W:H`, one of several joined by `|`, or the range `W:H..W:H`."""
    shape = width / height
    for part in rule.split("|"):
        sides = (tuple(map(float, end.split(":"))) for end in part.split(".."))
        ends = sorted(across / down for across, down in sides)
        if ends[0] * (1 - ASPECT_SLACK) <= shape <= ends[-1] * (1 + ASPECT_SLACK):
            return True
    return False


def _finding(
    file: Finished, rule: str, wanted: str, got: str, *, passed: bool, place: str | None = None
) -> Finding:
    spec = file.spec
    return Finding(
        sku=file.sku,
        place=place or file.name,
        rule=rule,
        wanted=wanted,
        measured=got,
        passed=passed,
        source=spec.source,
        source_date=spec.source_date,
        confidence=spec.confidence,
    )
