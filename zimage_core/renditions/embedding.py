"""Putting an XMP packet into a finished file without encoding its pixels again."""

import struct
import zlib

from zimage_core.errors import ExportFailed

JPEG_KEY = b"http://ns.adobe.com/xap/1.0/\0"
PNG_KEY = b"XML:com.adobe.xmp\0"
XMP_FLAG = 0x04
"""Bit of a WebP's VP8X chunk that announces an XMP chunk (RFC 9649, 2.7)."""


def insert_label(data: bytes, kind: str, xmp: str) -> bytes:
    """Return the JPEG, PNG or WebP file with the packet inside, its pixels' bytes unchanged.

    JPEG: an APP1 segment behind JFIF's; PNG: an uncompressed iTXt chunk behind IHDR; WebP: the extended
    layout with an `XMP ` chunk at its end. An empty packet leaves the file as it is. Raises ExportFailed for
    a packet too long for one JPEG segment, and for other formats.
    """
    packet = xmp.encode()
    if not packet:
        return data
    match kind:
        case "jpeg":
            return _into_jpeg(data, packet)
        case "png":
            return data[:33] + _png_chunk(b"iTXt", PNG_KEY + bytes(4) + packet) + data[33:]
        case "webp":
            return _into_webp(data, packet)
        case _:
            raise ExportFailed(f"A label cannot be put into a finished {kind} file; it is written with it.")


def _into_jpeg(data: bytes, packet: bytes) -> bytes:
    body = JPEG_KEY + packet
    if len(body) > 0xFFFF - 2:
        raise ExportFailed(f"The AI label has {len(packet)} bytes; JPEG takes {0xFFFF - 2 - len(JPEG_KEY)}.")
    # A JFIF header must come right behind the start of the image, so the label goes behind it.
    at = 4 + struct.unpack(">H", data[4:6])[0] if data[2:4] == b"\xff\xe0" else 2
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[at:]


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _into_webp(data: bytes, packet: bytes) -> bytes:
    chunks = data[12:]
    if chunks[:4] == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", chunks[14:18]))
        sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks = b"VP8X" + struct.pack("<I", 10) + bytes([XMP_FLAG, 0, 0, 0]) + sizes + chunks
    elif chunks[:4] == b"VP8X":
        chunks = chunks[:8] + bytes([chunks[8] | XMP_FLAG]) + chunks[9:]
    else:
        raise ExportFailed("A label can be put into lossy WebP files only.")
    chunks += b"XMP " + struct.pack("<I", len(packet)) + packet + bytes(len(packet) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks
