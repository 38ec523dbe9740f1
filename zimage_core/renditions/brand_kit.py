"""A brand kit: the colours, fonts, logo and margin that copy text is set with."""

import tomllib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from pydantic import Field, ValidationError

from schemas import SettingsInvalid, content_id, sha256_hex
from schemas.shape import Schema
from zimage_core.renditions.contrast import LEAST_CONTRAST, Colour, ratio
from zimage_core.renditions.errors import FontMissing
from zimage_core.renditions.fonts import Typeface, Typefaces, typeface, typefaces

KIT_FILE = "kit.toml"
LEAST_LOGO_PX = 48
"""A logo lower than this would be enlarged on most posters."""

MOST_LOGO_PIXELS = 16_000_000

_HEX = r"^#[0-9A-Fa-f]{6}$"


class Colours(Schema):
    """Hex colours: letters on light grounds, letters on dark ones, and the accent."""

    ink: str = Field(default="#1D1F23", pattern=_HEX)
    paper: str = Field(default="#FFFFFF", pattern=_HEX)
    accent: str = Field(default="#C8372D", pattern=_HEX)


class FontFiles(Schema):
    """Font files of the kit's folder; those left out are the system's."""

    display: str = ""
    body: str = ""


class LogoFile(Schema):
    """The logo's pictures (PNG with transparency) and its room, as shares."""

    file: str = ""
    file_on_dark: str = ""
    """A version for dark grounds; the usual one when empty."""
    height: float = Field(default=0.075, gt=0.01, le=0.3)
    """Of the picture's shorter side."""
    clear: float = Field(default=0.5, ge=0.0, le=2.0)
    """Space that stays free around it, of its height."""


class Layout(Schema):
    """Where words may stand."""

    margin: float = Field(default=0.06, ge=0.02, le=0.2)
    """Safe margin, of the picture's shorter side."""


class KitFile(Schema):
    """What `kit.toml` says."""

    name: str = Field(min_length=1, max_length=100)
    colours: Colours = Colours()
    fonts: FontFiles = FontFiles()
    logo: LogoFile = LogoFile()
    layout: Layout = Layout()


@dataclass(frozen=True)
class BrandKit:
    """A kit ready for use; logos are PNG bytes, so that a kit can be sent to another process."""

    name: str
    ink: Colour
    paper: Colour
    accent: Colour
    margin: float
    fingerprint: str
    display: Typeface | None = None
    body: Typeface | None = None
    logo: bytes = field(default=b"", repr=False)
    logo_on_dark: bytes = field(default=b"", repr=False)
    logo_height: float = 0.075
    logo_clear: float = 0.5

    def faces(self, font: Path | None = None) -> Typefaces:
        """Return the kit's faces, where it has none those of `font` or the system; raises FontMissing."""
        if self.display and self.body:
            return Typefaces(self.display, self.body)
        usual = typefaces(font)
        return Typefaces(self.display or usual.display, self.body or usual.body)


def plain_kit() -> BrandKit:
    """Return the kit of those who have none: near-black, white, no logo."""
    return _kit(KitFile(name="Plain"), {}, Path())


def load_kit(folder: Path) -> BrandKit:
    """Read the kit in `folder`; raise SettingsInvalid with one sentence naming the file and what is wrong."""
    path = folder / KIT_FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(
            f"The brand kit {folder.name} has no readable {KIT_FILE}: {_short(error)}."
        ) from error
    try:
        file = KitFile.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(f"{folder.name}/{KIT_FILE}, {place}: {first['msg']}.") from error
    named = (file.logo.file, file.logo.file_on_dark, file.fonts.display, file.fonts.body)
    return _kit(file, {name: _bytes(folder, name) for name in named if name}, folder)


def _kit(file: KitFile, files: dict[str, bytes], folder: Path) -> BrandKit:
    ink, paper, accent = (
        colour_of(value) for value in (file.colours.ink, file.colours.paper, file.colours.accent)
    )
    if ratio(ink, paper) < LEAST_CONTRAST:
        raise SettingsInvalid(
            f"The brand kit {file.name}: ink {file.colours.ink} on paper {file.colours.paper} has contrast "
            f"{ratio(ink, paper):.1f}; at least {LEAST_CONTRAST} is needed for words to be read."
        )
    digests = {name: sha256_hex(data) for name, data in files.items()}
    logo, on_dark = files.get(file.logo.file, b""), files.get(file.logo.file_on_dark, b"")
    for name, data in ((file.logo.file, logo), (file.logo.file_on_dark, on_dark)):
        if data:
            _check_logo(name, data)
    return BrandKit(
        name=file.name,
        ink=ink,
        paper=paper,
        accent=accent,
        margin=file.layout.margin,
        fingerprint=content_id("kit", [file.model_dump(mode="json"), digests]),
        display=_face(folder, file.fonts.display),
        body=_face(folder, file.fonts.body),
        logo=logo,
        logo_on_dark=on_dark or logo,
        logo_height=file.logo.height,
        logo_clear=file.logo.clear,
    )


def colour_of(text: str) -> Colour:
    """Return a `#rrggbb` colour as three levels."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _bytes(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SettingsInvalid(f"The brand kit {folder.name} names {name}, which lies outside of its folder.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(
            f"The brand kit {folder.name} names {name}, which cannot be read: {_short(error)}."
        ) from error


def _face(folder: Path, name: str) -> Typeface | None:
    if not name:
        return None
    try:
        return typeface(folder / name)
    except FontMissing as error:
        raise SettingsInvalid(f"The brand kit {folder.name}: {error.message}") from error


def _check_logo(name: str, data: bytes) -> None:
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            width, height = image.size
            if width * height <= MOST_LOGO_PIXELS:
                image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise SettingsInvalid(f"The brand kit's logo {name} is not a readable PNG picture.") from error
    if width * height > MOST_LOGO_PIXELS or height < LEAST_LOGO_PX:
        raise SettingsInvalid(
            f"The brand kit's logo {name} has {width} x {height} px; at least {LEAST_LOGO_PX} px high and "
            f"{MOST_LOGO_PIXELS // 1_000_000} megapixels at most are expected."
        )


def _short(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error).splitlines()[0].rstrip(".")
