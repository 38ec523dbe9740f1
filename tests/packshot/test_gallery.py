"""The gallery says by which bars pictures were judged, all of them."""

from types import SimpleNamespace

from packshot.gallery import _gates
from schemas import Outcome, Verdict


def judged(*gates: float | None) -> SimpleNamespace:
    verdicts = [Verdict(outcome=Outcome.ACCEPTED, gate=gate) for gate in gates]
    return SimpleNamespace(attempts=[SimpleNamespace(verdict=verdict) for verdict in verdicts])


def test_shots_with_other_bars_are_not_told_one_of_them() -> None:
    assert _gates((judged(0.9, 0.85), judged(None), judged(0.85))) == (0.85, 0.9)  # type: ignore[arg-type]  # all it reads
