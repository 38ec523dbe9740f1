"""Everything that is put onto a file besides the picture: words, AI label, signature, and in whose name."""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from schemas import LabelDecision, LabelPolicy, LetteringRecord, RenditionSpec, Settings, Shot
from schemas.producer_code import PRACTICE_PRODUCER
from zimage_core.renditions.brand_kit import BrandKit, load_kit, plain_kit
from zimage_core.renditions.credentials import signer_from
from zimage_core.renditions.fonts import Typefaces
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.lettering import letter, wanted_copy
from zimage_core.renditions.signing import Signer
from zimage_core.renditions.visible_label import decide, label_words, mark, plate_for, recorded


@dataclass(frozen=True)
class Imprinted:
    """A picture with what its slot puts on it, and the records of that."""

    picture: Image.Image
    decision: LabelDecision
    lettering: LetteringRecord | None


@dataclass(frozen=True)
class Imprint:
    """Who makes the files, for whom they may go without a visible label, and what words look like.

    Holds plain data only, so that it can be sent to another process; fonts are opened when first needed.
    """

    producer: str = PRACTICE_PRODUCER
    requested_by: str = ""
    font: Path | None = None
    kit: BrandKit | None = None
    signer: Signer | None = None

    @property
    def faces(self) -> Typefaces:
        """The fonts of the kit, of the setting, or of the system; raises FontMissing."""
        return self.kit.faces(self.font) if self.kit else plain_kit().faces(self.font)

    def drawing(self, spec: RenditionSpec, shot: Shot) -> tuple[Hashable, ...]:
        """Say what would be drawn, so that slots of one size and equal drawings can share a file's pixels.

        Empty when nothing is. Raises CopyMissing.
        """
        texts = wanted_copy(spec, shot)
        words = label_words(spec.region) if spec.label is LabelPolicy.VISIBLE else ""
        return (texts, words) if texts or words else ()

    def put_on(self, picture: Image.Image, spec: RenditionSpec, shot: Shot, subject: Box | None) -> Imprinted:
        """Draw copy text and AI label, as the slot wants them, on an RGB picture of the slot's size.

        `subject` is the product's box in px of the picture, or None when it is all of it. Raises ExportFailed
        by name: see `errors`.
        """
        decision = decide(spec, self.producer, self.requested_by)
        texts = wanted_copy(spec, shot)
        lettering: LetteringRecord | None = None
        words: tuple[Box, ...] = ()
        if texts:
            kit, faces = self.kit or plain_kit(), self.faces
            kept: tuple[Box, ...] = ()
            if decision.text:
                # The label's place comes first: the law is fixed, words can go elsewhere.
                kept = (plate_for(picture.size, decision.text, faces.body, subject),)
            lettered = letter(picture, texts, subject, kit, faces, shot.form.locale, kept)
            picture, lettering, words = lettered.picture, lettered.record, lettered.boxes
        if decision.text:
            marked = mark(picture, decision.text, self.faces.body, subject, words)
            picture, decision = marked.picture, recorded(decision, marked)
        return Imprinted(picture, decision, lettering)


def imprint_from(settings: Settings) -> Imprint:
    """Build the imprint that the settings name; raises SettingsInvalid for a kit or certificate at fault."""
    return Imprint(
        producer=settings.label.producer,
        requested_by=settings.label.requested_by,
        font=settings.label.font,
        kit=load_kit(settings.brand.kit) if settings.brand.kit else None,
        signer=signer_from(settings.signing),
    )
