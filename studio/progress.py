"""How far the shots of one product are, step by step, as a person who waits sees them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from catalog import ShotState
from catalog.products import ProductShot
from schemas import ProductForm, Variant
from zimage_core.judging import GatePolicy, variant_for
from zimage_core.renditions import RecipeTable


class Stage(StrEnum):
    """Where a shot stands on its way."""

    WAITING = "waiting"  #: nothing was tried yet and nobody holds it
    MAKING = "making"  #: an attempt is under way, or due after a rejected one
    FILES = "files"  #: it has its picture; files for the channels are being made
    DONE = "done"  #: picture and files are there
    REVIEW = "review"  #: a person decides
    DEAD = "dead"  #: it was given up; a person may revive it
    CANCELLED = "cancelled"  #: the campaign was called off


FINAL = frozenset({Stage.DONE, Stage.REVIEW, Stage.DEAD, Stage.CANCELLED})
"""Stages that nothing follows by itself."""


@dataclass(frozen=True)
class ShotProgress:
    """One shot with its stage, the model that is asked next, and how many files it is to have."""

    shot: ProductShot
    stage: Stage
    asks: Variant
    files_wanted: int

    @property
    def number(self) -> int:
        """The attempt that is under way, from 1."""
        return len(self.shot.tries) + 1

    @property
    def picture(self) -> str:
        """The picture to show: the accepted one, else the latest that was made; '' before the first."""
        made = [one.picture for one in self.shot.tries if one.picture]
        return self.shot.master or (made[-1] if made else "")


@dataclass(frozen=True)
class ProductProgress:
    """The shots of a product's latest form; `earlier` counts those of its earlier forms in the campaign."""

    shots: tuple[ShotProgress, ...]
    earlier: int

    @property
    def final(self) -> bool:
        """Whether nothing more happens by itself."""
        return all(shot.stage in FINAL for shot in self.shots)

    @property
    def done(self) -> int:
        """How many shots are final."""
        return sum(shot.stage in FINAL for shot in self.shots)


def progress_of(
    shots: Sequence[ProductShot],
    form: ProductForm,
    policy: GatePolicy,
    recipes: RecipeTable,
    *,
    at_work: bool = False,
) -> ProductProgress:
    """Tell how the shots of `form`, the product's latest, stand; `at_work`: a run for them is under way."""
    ours = [shot for shot in shots if shot.form == form.fingerprint]
    told = tuple(_shot(shot, form, policy, recipes, at_work=at_work) for shot in ours)
    return ProductProgress(told, len(shots) - len(ours))


def may_be_at_work(shots: Sequence[ProductShot]) -> bool:
    """Tell whether somebody may be making a first attempt: a run for one form holds no leases."""
    return any(shot.state is ShotState.UNFINISHED and not shot.leased and not shot.tries for shot in shots)


def _shot(
    shot: ProductShot, form: ProductForm, policy: GatePolicy, recipes: RecipeTable, *, at_work: bool
) -> ShotProgress:
    wanted = len(recipes.for_shot(form.channels, shot.shot_type))
    return ShotProgress(
        shot, _stage(shot, wanted, at_work=at_work), variant_for(len(shot.tries), policy), wanted
    )


def _stage(shot: ProductShot, wanted: int, *, at_work: bool) -> Stage:
    match shot.state:
        case ShotState.UNFINISHED:
            return Stage.MAKING if shot.leased or shot.tries or at_work else Stage.WAITING
        case ShotState.ACCEPTED:
            return Stage.DONE if shot.files >= wanted else Stage.FILES
        case ShotState.NEEDS_REVIEW:
            return Stage.REVIEW
        case ShotState.DEAD:
            return Stage.DEAD
        case ShotState.CANCELLED:
            return Stage.CANCELLED
        case _:
            assert_never(shot.state)
