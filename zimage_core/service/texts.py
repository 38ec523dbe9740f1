"""What a text of a request may hold: everything that a person can read."""

import unicodedata

from zimage_core.errors import InvalidRender

LAYOUT = frozenset("\n\r\t")
"""Control characters that ordinary prompts have in them."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def check_text(text: str, field: str) -> None:
    """Raise InvalidRender naming the place of the first character that no text should hold.

    U+FFFD is the trace of a wrong decoding: what the author wrote there is lost.
    """
    for place, character in enumerate(text, start=1):
        if character == REPLACEMENT:
            raise InvalidRender(
                f"{field}: character {place} is U+FFFD, a trace of wrong decoding; send the text as UTF-8.",
                field=field,
            )
        if unicodedata.category(character) == "Cc" and character not in LAYOUT:
            raise InvalidRender(
                f"{field}: character {place} is the control character U+{ord(character):04X}; leave it out.",
                field=field,
            )
