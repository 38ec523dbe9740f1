"""How many pictures of a lot a person looks at, what defects mean, and how strict the next lot is. Pure.

Single sampling after ISO 2859-1:1999 (= GB/T 2828.1-2012), clauses 9 and 10; the tables are data.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from math import ceil

from pydantic import Field

from schemas.errors import SettingsInvalid
from schemas.identity import canonical_json
from schemas.shape import Schema


class Severity(StrEnum):
    """How strict inspection is at present."""

    NORMAL = "normal"  #: where it starts
    TIGHTENED = "tightened"  #: after two of five lots were not accepted
    REDUCED = "reduced"  #: after a long good record


class DefectClass(StrEnum):
    """How bad a defect is."""

    CRITICAL = "critical"  #: wrong product, forbidden content, missing label: one rejects the lot
    MAJOR = "major"  #: a buyer would complain
    MINOR = "minor"  #: a buyer might notice


class SamplingPlan(Schema):
    """Look at `size` pictures; accept with at most `accept` bad ones, refuse from `reject` on."""

    letter: str
    size: int = Field(ge=1)
    accept: int = Field(ge=0)
    reject: int = Field(ge=1)


class SamplingTables(Schema):
    """The standard's tables, arrows resolved."""

    letters: Mapping[str, tuple[tuple[int, int | None, str], ...]]
    """By inspection level: least and greatest lot size (None: no end) and the code letter."""
    plans: Mapping[Severity, Mapping[str, Mapping[float, SamplingPlan]]]
    """By severity, code letter and AQL: the plan to use, which may be that of another letter."""

    @property
    def aqls(self) -> tuple[float, ...]:
        """All acceptance quality limits of the tables, strictest first."""
        return tuple(sorted(next(iter(self.plans[Severity.NORMAL].values()))))

    def letter_for(self, lot: int, level: str = "II") -> str:
        """Return the code letter; lots of one are treated as of two. Raises SettingsInvalid."""
        rows = self.letters.get(level)
        if rows is None or lot < 1:
            raise SettingsInvalid(f"There is no inspection level {level!r} for a lot of {lot}.")
        return next(letter for least, most, letter in rows if max(lot, 2) >= least and _reaches(most, lot))

    def plan_for(
        self, lot: int, aql: float, severity: Severity = Severity.NORMAL, level: str = "II"
    ) -> SamplingPlan:
        """Return the plan for a lot; where it asks for as many as there are, all are looked at.

        Raises SettingsInvalid when the standard knows no such AQL or level.
        """
        plans = self.plans[severity][self.letter_for(lot, level)]
        if aql not in plans:
            raise SettingsInvalid(f"There is no AQL {aql:g}; the standard has {_listed(self.aqls)}.")
        plan = plans[aql]
        return plan.model_copy(update={"size": lot}) if plan.size >= lot else plan

    def tighter(self, aql: float) -> float | None:
        """Return the AQL one step stricter, or None at the strictest."""
        at = self.aqls.index(aql)
        return self.aqls[at - 1] if at else None


class LotPlan(Schema):
    """The plan of one lot: one sample, judged for each class of defect by its own plan."""

    lot: int
    severity: Severity
    classes: Mapping[DefectClass, SamplingPlan]
    tighter: Mapping[DefectClass, SamplingPlan]
    """The plans at AQLs one step stricter, which decide about the switching score."""

    @property
    def size(self) -> int:
        """How many pictures are drawn: as many as the largest of the plans asks for."""
        return max(plan.size for plan in self.classes.values())


class LotVerdict(Schema):
    """Whether a lot is accepted, and why not."""

    accepted: bool
    reasons: tuple[str, ...]
    passes_tighter: bool
    """Whether it would also pass at AQLs one step stricter."""


USUAL_AQL: Mapping[DefectClass, float] = {DefectClass.MAJOR: 2.5, DefectClass.MINOR: 4.0}
"""What inspection houses use for consumer goods; critical defects have none, because one is too many."""


def lot_plan(
    lot: int,
    tables: SamplingTables,
    severity: Severity = Severity.NORMAL,
    aql: Mapping[DefectClass, float] = USUAL_AQL,
    level: str = "II",
) -> LotPlan:
    """Plan the inspection of `lot` pictures; one critical defect in the sample always refuses the lot."""
    classes = {kind: tables.plan_for(lot, limit, severity, level) for kind, limit in aql.items()}
    stricter = {
        kind: tables.plan_for(lot, tables.tighter(limit) or limit, severity, level)
        for kind, limit in aql.items()
    }
    size = max(plan.size for plan in classes.values())
    letter = tables.letter_for(lot, level)
    critical = SamplingPlan(letter=letter, size=size, accept=0, reject=1)
    return LotPlan(
        lot=lot,
        severity=severity,
        classes={DefectClass.CRITICAL: critical, **classes},
        tighter={DefectClass.CRITICAL: critical, **stricter},
    )


def judge_lot(plan: LotPlan, found: Sequence[Collection[DefectClass]]) -> LotVerdict:
    """Decide on a lot from the defects of each picture looked at, in the order they were drawn.

    A class is judged on as many of the first pictures as its plan asks for; a picture with two defects of one
    class counts once. Raises SettingsInvalid when fewer pictures were looked at than the plan asks for.
    """
    if len(found) < plan.size:
        raise SettingsInvalid(f"{len(found)} pictures were looked at; the plan asks for {plan.size}.")
    reasons = []
    for kind, one in plan.classes.items():
        bad = _bad(found, kind, one.size)
        if bad > one.accept:
            reasons.append(f"{bad} of {one.size} pictures have {kind} defects; at most {one.accept} may")
    stricter = all(_bad(found, kind, one.size) <= one.accept for kind, one in plan.tighter.items())
    return LotVerdict(accepted=not reasons, reasons=tuple(reasons), passes_tighter=stricter and not reasons)


class Switching(Schema):
    """What past lots of one kind (first inspections only) mean for the next; the first meets the default."""

    severity: Severity = Severity.NORMAL
    recent: tuple[bool, ...] = ()
    """Up to five latest results at this severity, newest last."""
    score: int = 0
    """The switching score; it counts under normal inspection only."""
    refused_tightened: int = 0
    """Lots not accepted under tightened inspection since it began."""

    @property
    def stopped(self) -> bool:
        """Whether acceptance is to stop until the maker has mended what is wrong."""
        return self.severity is Severity.TIGHTENED and self.refused_tightened >= STOP_AFTER


RECENT = 5
REDUCED_FROM = 30
"""Switching score from which reduced inspection may begin (clause 9.3.3.1)."""
STOP_AFTER = 5
"""Lots not accepted under tightened inspection that stop it all (clause 9.4)."""


def switched(
    state: Switching, plan: LotPlan, verdict: LotVerdict, *, steady: bool = True, agreed: bool = True
) -> Switching:
    """Return the state for the next lot.

    `steady`: production is regular; `agreed`: whoever is responsible agrees to reduced inspection.
    """
    recent = (*state.recent, verdict.accepted)[-RECENT:]
    match state.severity:
        case Severity.NORMAL:
            return _after_normal(recent, _scored(state.score, plan, verdict), steady=steady and agreed)
        case Severity.TIGHTENED:
            if len(recent) == RECENT and all(recent):
                return Switching()
            refused = state.refused_tightened + (not verdict.accepted)
            return Switching(severity=Severity.TIGHTENED, recent=recent, refused_tightened=refused)
        case Severity.REDUCED:
            if verdict.accepted and steady:
                return Switching(severity=Severity.REDUCED, recent=recent)
            return Switching()


def drawn(ids: Sequence[str], count: int, lot: str) -> tuple[str, ...]:
    """Draw `count` of `ids` for the lot named `lot`: as chance would, but the same every time."""

    def rank(one: str) -> bytes:
        return hashlib.sha256(canonical_json([lot, one])).digest()

    return tuple(sorted(ids, key=rank)[:count])


def simple_sample(
    accepted: Sequence[str], doubtful: Sequence[str], lot: str, share: float = 0.05
) -> tuple[str, ...]:
    """Return everything doubtful and `share` of what was accepted, at least one where there is any."""
    count = max(1, ceil(len(accepted) * share)) if accepted else 0
    return (*doubtful, *drawn(accepted, count, lot))


def _after_normal(recent: tuple[bool, ...], score: int, *, steady: bool) -> Switching:
    if recent.count(False) >= 2:
        return Switching(severity=Severity.TIGHTENED)
    if score >= REDUCED_FROM and steady:
        return Switching(severity=Severity.REDUCED)
    return Switching(recent=recent, score=score)


def _scored(score: int, plan: LotPlan, verdict: LotVerdict) -> int:
    """Apply clause 9.3.3.2; with several classes the most lenient plan decides, as it asks the most."""
    if not verdict.accepted:
        return 0
    if max(one.accept for one in plan.classes.values()) >= 2:
        return score + 3 if verdict.passes_tighter else 0
    return score + 2


def _bad(found: Sequence[Collection[DefectClass]], kind: DefectClass, size: int) -> int:
    return sum(kind in defects for defects in found[:size])


def _reaches(most: int | None, lot: int) -> bool:
    return most is None or lot <= most


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
