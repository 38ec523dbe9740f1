"""What a slot's file is called: the pattern of its recipe, filled in from the shot."""

import re
from string import Formatter

from schemas import RenditionSpec, Shot
from zimage_core.renditions.encoding import EXTENSIONS

PLACEHOLDERS = frozenset({"sku", "gtin", "slot", "shot", "title", "ext"})

LONGEST_TITLE = 60
"""Characters of a title kept in a file name, so that name and folder stay below every system's 255 bytes."""


def file_name(spec: RenditionSpec, shot: Shot, part: int | None = None, kind: str | None = None) -> str:
    """Return the slot's file name for the shot.

    {gtin} is the form's 14-digit GTIN, or its SKU where it has none; {title} is the title's Latin words with
    hyphens, or the category's. `part` counts the slices of a long page from 1; `kind` is the format written,
    the recipe's first when None.
    """
    form = shot.form
    name = spec.naming.format(
        sku=form.sku,
        gtin=form.gtin or form.sku,
        slot=spec.slot,
        shot=shot.shot_type.value,
        title=hyphenated(form.title) or hyphenated(form.category),
        ext=EXTENSIONS[kind or spec.format],
    )
    if part is None:
        return name
    stem, dot, extension = name.rpartition(".")
    return f"{stem}_{part:02}{dot}{extension}"


def hyphenated(text: str) -> str:
    """Return the text's ASCII words in lower case joined by hyphens; empty when it has none."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:LONGEST_TITLE].strip("-")


def placeholders(pattern: str) -> frozenset[str]:
    """List the names in braces of a naming pattern; none when the braces do not match."""
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(pattern) if name is not None)
    except ValueError:
        return frozenset()
