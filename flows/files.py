"""The files of an accepted shot: made from its master, published, recorded."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from catalog import Wanting
from flows import steps
from flows.exporter import Exporter, ExportOrder
from flows.services import Records
from schemas import Master, Provenance, Rendition, RenditionSpec, Shot, ShotType, Variant
from schemas.tracing import span
from zimage_core.errors import ExportFailed
from zimage_core.renditions import AiSystem

MODEL_NAMES = {Variant.TURBO: "Z-Image-Turbo", Variant.BASE: "Z-Image"}
"""What the AI label calls the model; its version there is the head of the weights' hash."""

Keep = Callable[[Sequence[Rendition]], int]
"""Whoever records the renditions of one shot."""

Files = tuple[int, tuple[str, ...]]
"""How many files were made, and a sentence for each that cannot be."""


class Bench:
    """Where files are made: children that make them, the folder they go to, and who records them."""

    def __init__(self, records: Records, exporter: Exporter, keep: Keep) -> None:
        self._records, self._exporter, self._keep = records, exporter, keep

    def make(
        self,
        shot: Shot,
        png: bytes,
        recipes: Sequence[RenditionSpec],
        made_at: datetime,
        provenance: Provenance,
    ) -> Files:
        """Make, publish and record the files of `recipes` from the master `png`."""
        if not recipes:
            return 0, ()
        with span("export", **steps.about(shot)):
            files = self._made(shot, png, recipes, made_at, provenance)
            steps.exported(shot, *files)
        return files

    def _made(
        self,
        shot: Shot,
        png: bytes,
        recipes: Sequence[RenditionSpec],
        made_at: datetime,
        provenance: Provenance,
    ) -> Files:
        records = self._records
        system = AiSystem(MODEL_NAMES[provenance.variant], provenance.weights[:12])
        order = ExportOrder(png, tuple(recipes), shot, records.imprint, made_at, system, records.cutout)
        made, gaps = [], []
        for recipe, file in zip(recipes, self._exporter.make(order), strict=True):
            if isinstance(file, ExportFailed):
                gaps.append(f"{recipe.slot}: {file.message}")
                continue
            records.catalog.publish(records.exports / recipe.channel, file.rendition.file_name, file.data)
            made.append(file.rendition)
        if made:
            self._keep(made)
        return len(made), tuple(gaps)

    def make_all(self, shot: Shot, png: bytes, made_at: datetime, provenance: Provenance) -> Files:
        """Make every file that the form's channels want of a shot of this type."""
        recipes = self._records.recipes.for_shot(shot.form.channels, shot.shot_type)
        return self.make(shot, png, recipes, made_at, provenance)

    def make_missing(self, wanting: Wanting) -> Files:
        """Make the files that a shot accepted earlier lacks."""
        recipes = self._records.recipes.for_shot(wanting.shot.form.channels, wanting.shot.shot_type)
        lacking = [recipe for recipe in recipes if recipe.fingerprint in wanting.missing]
        png = self._records.catalog.picture(wanting.master.picture)
        return self.make(wanting.shot, png, lacking, wanting.made_at, wanting.provenance)


def wanted_files(records: Records) -> Mapping[tuple[ShotType, str], tuple[str, ...]]:
    """Say which recipes each shot type fills on each channel, as fingerprints, as the catalog asks for it."""
    wanted: dict[tuple[ShotType, str], tuple[str, ...]] = {}
    for spec in records.recipes.specs:
        for shot_type in spec.shots:
            key = shot_type, spec.channel
            wanted[key] = (*wanted.get(key, ()), spec.fingerprint)
    return wanted


def missing_renditions(shot: Shot, master: Master, records: Records) -> tuple[RenditionSpec, ...]:
    """List the recipes of the form's channels whose file the catalog does not know for this master."""
    known = {(made.master, made.recipe) for made in records.catalog.renditions_of(shot.id)}
    wanted = records.recipes.for_shot(shot.form.channels, shot.shot_type)
    return tuple(recipe for recipe in wanted if (master.picture, recipe.fingerprint) not in known)
