"""The AI-generated label in a file's metadata: written as XMP, and read back.

Follows the EU AI Act art. 50(2), IPTC's DigitalSourceType and China's GB 45438-2025 with the practice guide
TC260-20259A: exactly one metadata label per file (6.1 c), in the element form.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unicodedata import category
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]  # it ships no types
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]  # it ships no types
from PIL import Image, UnidentifiedImageError

from zimage_core.errors import ExportFailed

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's full address of "made by a trained model"; the bare word is a common mistake that readers ignore."""

TOOL = "Packshot"
PNG_KEYWORD = "XML:com.adobe.xmp"

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}

ANNEX_E = re.compile(r"[!#-\[\]-~]*")
"""Characters of an AIGC value: visible ASCII without quote and backslash, no space (GB 45438-2025 E j)."""


@dataclass(frozen=True)
class AiSystem:
    """The model that made the picture, by name and version; California's SB 942 asks for both."""

    name: str
    version: str = ""


@dataclass(frozen=True)
class AiLabel:
    """What the label says: who made the file, with what, when (UTC, whole seconds), under which number.

    Raises ExportFailed when `made_at` has no time zone.
    """

    producer: str
    produce_id: str
    made_at: datetime
    system: AiSystem
    tool: str = TOOL

    def __post_init__(self) -> None:
        if self.made_at.tzinfo is None:
            raise ExportFailed("The label's time of making has no time zone; UTC is expected.")
        object.__setattr__(self, "made_at", self.made_at.astimezone(UTC).replace(microsecond=0))


def xmp_packet(label: AiLabel) -> str:
    """Return the label as an XMP packet; the same label gives the same text.

    The propagator fields stay empty: whoever first publishes the file is not known here. Raises ExportFailed
    when a value breaks Annex E's character rule or holds control characters.
    """
    fields = {
        "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE,
        "Iptc4xmpExt:AISystemUsed": label.system.name,
        "Iptc4xmpExt:AISystemVersionUsed": label.system.version,
        "xmp:CreatorTool": label.tool,
        "xmp:CreateDate": label.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "xmpMM:DocumentID": f"xmp.did:{label.produce_id}",
        "TC260:AIGC": _aigc(label),
    }
    lines = "\n".join(f"   <{name}>{_text(name, text)}</{name}>" for name, text in fields.items() if text)
    spaces = "".join(f'\n    xmlns:{key}="{uri}"' for key, uri in NAMESPACES.items() if key != "rdf")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n <rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}">\n'
        f'  <rdf:Description rdf:about=""{spaces}>\n{lines}\n  </rdf:Description>\n'
        ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    )


def _text(name: str, value: str) -> str:
    """Return a value as XML text; what XML cannot hold or readers would trim away is refused."""
    if value != value.strip() or any(category(c) in ("Cc", "Cs", "Cn", "Zl", "Zp") for c in value):
        raise ExportFailed(
            f"The AI label's {name} is {value!r}; plain text without control characters or spaces at "
            "its ends is expected."
        )
    return escape(value)


def _aigc(label: AiLabel) -> str:
    values = {
        "Label": "1",
        "ContentProducer": label.producer,
        "ProduceID": label.produce_id,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    for name, value in values.items():
        if not ANNEX_E.fullmatch(value):
            raise ExportFailed(
                f"The AI label's {name} is {value!r}; GB 45438-2025 allows visible ASCII only, "
                "without space, quote and backslash."
            )
    return json.dumps(values, separators=(",", ":"))


def read_label(data: bytes) -> AiLabel:
    """Read a file's label (JPEG, PNG, WebP, AVIF); raise ExportFailed when it has none or a damaged one."""
    try:
        root = fromstring(_packet_of(data))
    except (ParseError, DefusedXmlException, UnicodeDecodeError, ValueError) as error:
        raise ExportFailed("The file's AI label is not readable XMP.") from error
    aigc = _aigc_of(root)
    if _value(root, "Iptc4xmpExt:DigitalSourceType") != SOURCE_TYPE or aigc.get("Label") != "1":
        raise ExportFailed("The file's metadata does not say that the picture is AI-generated.")
    try:
        made_at = datetime.fromisoformat(_value(root, "xmp:CreateDate"))
    except ValueError as error:
        raise ExportFailed("The file's AI label does not say when the picture was made.") from error
    system = AiSystem(
        _value(root, "Iptc4xmpExt:AISystemUsed"), _value(root, "Iptc4xmpExt:AISystemVersionUsed")
    )
    return AiLabel(
        producer=str(aigc.get("ContentProducer", "")),
        produce_id=str(aigc.get("ProduceID", "")),
        made_at=made_at,
        system=system,
        tool=_value(root, "xmp:CreatorTool"),
    )


def _packet_of(data: bytes) -> bytes:
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP", "AVIF")) as image:
            packet = image.info.get("xmp") or image.info.get(PNG_KEYWORD)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise ExportFailed("The file is not a readable JPEG, PNG, WebP or AVIF picture.") from error
    if not packet:
        raise ExportFailed("The file carries no AI label in its metadata.")
    return packet.encode() if isinstance(packet, str) else bytes(packet)


def _value(root: Element, name: str) -> str:
    """Return a property in either RDF form, element or attribute; empty when absent."""
    key, local = name.split(":")
    for description in root.iter(f"{{{NAMESPACES['rdf']}}}Description"):
        child = description.find(f"{{{NAMESPACES[key]}}}{local}")
        if child is not None:
            return (child.text or "").strip()
        if found := description.get(f"{{{NAMESPACES[key]}}}{local}"):
            return found
    return ""


def _aigc_of(root: Element) -> dict[str, Any]:
    try:
        found = json.loads(_value(root, "TC260:AIGC") or "{}")
    except json.JSONDecodeError as error:
        raise ExportFailed("The file's TC260:AIGC field is not JSON.") from error
    return found if isinstance(found, dict) else {}
