"""Words and AI label on one poster keep out of each other's way."""

from hypothesis import given, reject, settings
from hypothesis import strategies as st
from PIL import Image

from schemas import Locale
from zimage_core.renditions.brand_kit import plain_kit
from zimage_core.renditions.errors import TextUnfit
from zimage_core.renditions.fonts import Typefaces
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.lettering import letter
from zimage_core.renditions.placement import overlap
from zimage_core.renditions.visible_label import mark, plate_for

LABEL = "AI生成"
COPY = ["清凉一夏，透气不闷热", "UPF50+防晒面料，轻至98克"]

boxes = st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(100, 700), st.integers(100, 700)).map(
    lambda found: Box(found[0], found[1], min(800, found[0] + found[2]), min(800, found[1] + found[3]))
)


@given(product=boxes)
@settings(max_examples=30, deadline=None)
def test_the_label_never_covers_a_word(faces: Typefaces, product: Box) -> None:
    poster = Image.new("RGB", (800, 800), (236, 228, 214))
    kept = plate_for(poster.size, LABEL, faces.body, product)
    try:
        lettered = letter(poster, COPY, product, plain_kit(), faces, Locale.ZH, (kept,))
    except TextUnfit:
        reject()
    assert all(overlap(box, kept) == 0 for box in lettered.boxes)
    marked = mark(lettered.picture, LABEL, faces.body, product, lettered.boxes)
    assert all(overlap(box, marked.box) == 0 for box in lettered.boxes)
