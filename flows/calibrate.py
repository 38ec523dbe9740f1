"""The calibrate flow: learn from people's verdicts, and leave what is better where the core finds it."""

from pathlib import Path

from prefect import State, flow
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed

from flows.calibration import Lesson, Reviewed, TooFewVerdicts, learn, scorer_of, verdicts
from flows.services import opened_records
from schemas import Settings
from zimage_core.judging import default_policy, load_policy
from zimage_core.scoring.calibrations import Calibration, load_calibration
from zimage_core.scoring.fitting import as_toml

CALIBRATION_FILE = "calibration.toml"
"""Name of the calibration in the workspace; a core that is to use it is started with its path."""

HEAD = "Fitted by the calibrate flow on people's verdicts."


@flow(name="calibrate", flow_run_name="calibrate", persist_result=False)
def calibrate(workspace: str) -> State[str]:
    """Fit the scores on what people decided, and return the new calibration's fingerprint, or "".

    What is better goes into the workspace's calibration file and, for the records, into the catalog; a core
    uses it from its next start. Too few verdicts are no failure: the run says how many there are.
    """
    with opened_records(workspace) as (records, settings):
        names = [one.name for one in records.catalog.campaigns()]
        reviewed = verdicts(records.catalog, names)
        path = Path(workspace) / CALIBRATION_FILE
        try:
            lesson = learn(reviewed, _in_use(settings, path, reviewed), settings.costs)
        except TooFewVerdicts as error:
            return Completed(name="TooFewVerdicts", message=error.message, data="")
        policy = load_policy(settings.flows.policy) if settings.flows.policy else default_policy()
        create_markdown_artifact(
            lesson_text(lesson, policy.gate), "calibration", "What people's verdicts teach"
        )
        if not lesson.better:
            return Completed(
                name="NoBetter", message="It says later verdicts no better; kept as it was.", data=""
            )
        text = as_toml(lesson.after, HEAD)
        _replace(path, text)
        # The file rounds; the core will name in its scores what it reads there.
        fingerprint = load_calibration(path).fingerprint
        records.catalog.keep_calibration(fingerprint, text)
    said = f"{len(lesson.earlier)} verdicts taught {fingerprint}; start the core again to use it."
    return Completed(message=said, data=fingerprint)


def lesson_text(lesson: Lesson, gate: float) -> str:
    """Return what was learnt as Markdown: each figure on the later verdicts, before and after."""
    before, after = lesson.figures(lesson.before, gate), lesson.figures(lesson.after, lesson.gate.gate)
    rows = "\n".join(f"| {key.replace('_', ' ')} | {before[key]:.3f} | {after[key]:.3f} |" for key in before)
    return (
        "# Calibration\n\n"
        f"Learnt from {len(lesson.earlier)} verdicts, judged on {len(lesson.later)} later ones. "
        f"The gate that costs least is {lesson.gate.gate:.2f}; "
        "the policy's stays until somebody changes it.\n\n"
        f"| on the later verdicts | before | after |\n| --- | ---: | ---: |\n{rows}\n"
    )


def _in_use(settings: Settings, path: Path, reviewed: tuple[Reviewed, ...]) -> Calibration | None:
    """Return the calibration that scores are fused by now, when it is not a shipped one."""
    if settings.core.calibration:
        return load_calibration(settings.core.calibration)
    if not path.is_file() or not reviewed:
        return None
    kept = load_calibration(path)
    # The core was given other weights since: that file is about another scorer.
    return kept if kept.fits == scorer_of(reviewed[-1]) else None


def _replace(path: Path, text: str) -> None:
    """Write a file so that whoever reads it has the old text or the new one, never half of it."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
