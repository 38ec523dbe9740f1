"""The code by which China's AI label names whoever made a file (ContentProducer of TC260:AIGC)."""

import re

PRACTICE_PRODUCER = "packshot-practice"
"""Says in a file that nobody has been named yet; such files are for trying the product out."""

CODE = re.compile(r"0011([0-9A-HJ-NPQRTUWXY]{18})([!#-\[\]-~]{5})")
"""Organisations: `001`, `1`, an 18-character unified social credit code, a suffix of 5 (TC260-20259A)."""

NAME = re.compile(r"[!#-\[\]-~]{1,100}")
"""Visible ASCII without space, quote and backslash, as Annex E of GB 45438-2025 demands of every value."""

CREDIT_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE_LENGTH = 27


def producer_code(text: str) -> str:
    """Return `text` if it may name a producer; ValueError saying what would be right.

    A name is allowed as well as a code (art. 5 of the labelling measures); what begins like a code or is as
    long as one has to be one, so that a slip in it is seen here and not by the platform.
    """
    if not NAME.fullmatch(text):
        raise ValueError("1 to 100 visible ASCII characters without space, quote and backslash are expected")
    if not text.startswith("0011") and len(text) != CODE_LENGTH:
        return text
    found = CODE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"a producer code has {CODE_LENGTH} characters: 0011, an 18-character social credit code "
            f"and a suffix of 5; this has {len(text)}"
        )
    if credit_check(found[1]) != found[1][17]:
        raise ValueError(f"the last character of the social credit code should be {credit_check(found[1])}")
    return text


def credit_check(code: str) -> str:
    """Return the check character of an 18-character unified social credit code (GB 32100-2015).

    The first 17 characters count by their place in CREDIT_DIGITS, weighed with powers of 3 modulo 31.
    """
    total = sum(CREDIT_DIGITS.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return CREDIT_DIGITS[-total % 31]
