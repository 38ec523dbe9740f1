"""Font files: finding them, opening them, and knowing which characters they can show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont, features

from zimage_core.renditions.errors import FontMissing, GlyphMissing

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
"""Where Linux, macOS and Windows keep fonts, searched in this order."""

REGULAR = (
    "NotoSansCJK-Regular",
    "NotoSansSC-Regular",
    "SourceHanSansSC-Regular",
    "wqy-microhei",
    "PingFang",
    "msyh",
)
BOLD = ("NotoSansCJK-Bold", "NotoSansSC-Bold", "SourceHanSansSC-Bold", "PingFang", "msyhbd")
"""File stems of fonts that show Chinese and Latin, best first."""

SUFFIXES = (".ttc", ".otf", ".ttf")
SIMPLIFIED = ("CJK SC", "PingFang SC")
"""In a collection, the face whose family ends so has the shapes of mainland China."""

INVISIBLE = frozenset(" \n\u00a0\u3000")


@dataclass(frozen=True)
class Typeface:
    """One face of a font file; `index` is its place in a collection."""

    path: Path
    index: int = 0

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Return the face at `size` px to the em, set by HarfBuzz; raises FontMissing."""
        return _opened(self.path, self.index, size)

    def missing(self, text: str) -> tuple[str, ...]:
        """List the characters of `text` that the face has no shape for, each once."""
        shown = _characters(self.path, self.index)
        return tuple(dict.fromkeys(c for c in text if c not in INVISIBLE and ord(c) not in shown))

    def require(self, texts: Iterable[str]) -> None:
        """Raise GlyphMissing naming every character of `texts` that the face cannot show."""
        if lost := self.missing("".join(texts)):
            listed = ", ".join(f"{c} (U+{ord(c):04X})" for c in lost[:20])
            raise GlyphMissing(
                f"The font {self.path.name} has no shape for {listed}; use a font that has, or other words.",
                characters=list(lost),
            )


@dataclass(frozen=True)
class Typefaces:
    """The faces of a layout: `display` for headlines, `body` for the rest and for the AI label."""

    display: Typeface
    body: Typeface


@lru_cache(maxsize=4)
def typefaces(font: Path | None = None) -> Typefaces:
    """Return the faces of `font`, or the first known ones in the system's folders; raises FontMissing."""
    if font is not None:
        face = typeface(font)
        return Typefaces(face, face)
    found = _installed()
    body = _first(REGULAR, found)
    if body is None:
        raise FontMissing(
            "No font for Chinese and Latin text was found in the system's folders; install Noto Sans CJK "
            "(fonts-noto-cjk) or set PACKSHOT_LABEL__FONT to a font file."
        )
    regular = typeface(body)
    bold = _first(BOLD, found)
    return Typefaces(typeface(bold) if bold else regular, regular)


def typeface(path: Path) -> Typeface:
    """Return the face of a font file that suits mainland China; raise FontMissing when it is none."""
    if not features.check("raqm"):
        raise FontMissing(
            "Pillow was built without Raqm here, which sets Chinese text; install its usual wheel."
        )
    if not path.is_file():
        raise FontMissing(
            f"There is no font file {path.name}; PACKSHOT_LABEL__FONT or the brand kit names it."
        )
    families = [_opened(path, index, 16).getname()[0] or "" for index in range(_face_count(path))]
    wanted = [index for index, family in enumerate(families) if family.endswith(SIMPLIFIED)]
    return Typeface(path, wanted[0] if wanted else 0)


def _face_count(path: Path) -> int:
    with path.open("rb") as stream:
        head = stream.read(12)
    return min(64, int.from_bytes(head[8:12], "big")) if head[:4] == b"ttcf" else 1


@lru_cache(maxsize=256)
def _opened(path: Path, index: int, size: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(str(path), size, index=index, layout_engine=ImageFont.Layout.RAQM)
    except (OSError, ValueError) as error:
        raise FontMissing(
            f"The font file {path.name} cannot be read; a TTF, OTF or TTC is expected."
        ) from error


@lru_cache(maxsize=8)
def _characters(path: Path, index: int) -> frozenset[int]:
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]  # it ships no types

    try:
        with TTFont(path, fontNumber=index if _face_count(path) > 1 else -1, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, AssertionError, KeyError) as error:
        raise FontMissing(f"The font file {path.name} does not say which characters it shows.") from error


def _installed() -> dict[str, Path]:
    """Map the stem of every font file in the system's folders to its first path."""
    found: dict[str, Path] = {}
    for folder in (Path(name).expanduser() for name in FOLDERS):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix.lower() in SUFFIXES:
                found.setdefault(path.stem, path)
    return found


def _first(stems: Sequence[str], found: dict[str, Path]) -> Path | None:
    return next((found[stem] for stem in stems if stem in found), None)
