"""What stands in the way of a file's words, marks and signature.

ExportFailed          zimage_core
  CopyMissing         the slot needs copy text and the form has none
  TextRefused         emoji or control characters
  GlyphMissing        the font has no shape for a character
  TextUnfit           the words do not fit at a legible size
  FontMissing         no font file, or one that cannot be read
  RequestMissing      nobody asked for the file without a visible label
  SigningFailed       certificate, key or file cannot be signed with
"""

from zimage_core.errors import ExportFailed


class CopyMissing(ExportFailed):
    """The slot needs copy text; give the form some."""


class TextRefused(ExportFailed):
    """The text holds characters that cannot be set."""


class GlyphMissing(ExportFailed):
    """The font has no shape for some of the text's characters."""


class TextUnfit(ExportFailed):
    """The text does not fit at a size that can be read; shorten it."""


class FontMissing(ExportFailed):
    """There is no usable font; install Noto Sans CJK or set PACKSHOT_LABEL__FONT to a font file."""


class RequestMissing(ExportFailed):
    """Nobody is recorded as having asked for this file without a visible AI label."""


class SigningFailed(ExportFailed):
    """The file cannot be signed."""
