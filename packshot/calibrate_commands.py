"""`packshot calibrate`: learn what p(accept) should say from what people decided.

Exit codes as everywhere: 0 saved, 1 the input stops us, 3 learnt, but no better than before and not saved.
"""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from packshot.environment import our_settings
from schemas import FormInvalid

if TYPE_CHECKING:
    from flows.calibration import Lesson
    from flows.services import Records
    from zimage_core.judging import GatePolicy

_GAPS = 3
SHOWN = 10
"""Changed decisions that are listed one by one."""

FIGURES = ("gate", "auc", "calibration_error", "surprise", "precision_at_gate", "kept", "right_stopped")

Out = Annotated[Path, typer.Option("--out", help="The folder that `run` or `demo` worked in.")]
Campaigns = Annotated[
    list[str] | None, typer.Option("--campaign", help="Learn from these campaigns only; may be repeated.")
]
Save = Annotated[
    Path | None, typer.Option("--save", help="The file to write; calibration.toml in --out when unset.")
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Also write the policy with the gate that costs least.")
]
Plot = Annotated[Path | None, typer.Option("--plot", help="Also draw the reliability diagram into this PNG.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


def calibrate(
    out: Out = Path("packshot-out"),
    campaign: Campaigns = None,
    save: Save = None,
    policy: PolicyFile = None,
    plot: Plot = None,
    as_json: Json = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Fit scores and gate on people's verdicts; show on later pictures what changes; save what is better."""
    from flows.calibration import learn, verdicts
    from zimage_core.judging import default_policy, load_policy
    from zimage_core.scoring.calibrations import load_calibration

    settings = our_settings()
    old = load_policy(settings.flows.policy) if settings.flows.policy else default_policy()
    given = load_calibration(settings.core.calibration) if settings.core.calibration else None
    with _records(out) as records:
        names = campaign or [each.name for each in records.catalog.campaigns()]
        lesson = learn(verdicts(records.catalog, names), given, settings.costs)
    new = old.model_copy(update={"gate": lesson.gate.gate})
    told = _summary(lesson, old, new)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        typer.echo(_report(lesson, told, settings.costs.currency))
    if plot:
        _draw(plot, lesson)
    if not lesson.better:
        raise typer.Exit(_GAPS)
    _save(save or out / "calibration.toml", policy, lesson, new, quiet=as_json)


def _records(out: Path) -> AbstractContextManager["Records"]:
    from flows.services import open_records

    settings, workspace = our_settings(), out.expanduser().resolve()
    if settings.catalog.address() is None and not (workspace / "catalog.sqlite").is_file():
        raise FormInvalid(f"{out} holds no catalog; give the folder of `packshot run` as --out.")
    return open_records(settings, workspace)


def _summary(lesson: "Lesson", old: "GatePolicy", new: "GatePolicy") -> dict[str, Any]:
    from flows.calibration import changed_decisions

    changes = [
        {
            "sku": each.shot.form.sku,
            "shot": each.shot.shot_type.value,
            "attempt": each.attempt.number,
            "person": "accepted" if each.sample.right else "rejected",
            "before": was,
            "after": now,
        }
        for each, was, now in changed_decisions(lesson, old, new)
    ]
    return {
        "learnt_from": len(lesson.earlier),
        "judged_on": len(lesson.later),
        "passed_over": lesson.passed_over,
        "cost_of_a_picture": lesson.gate.cost,
        "better": lesson.better,
        "before": {"calibration": lesson.before.fingerprint, **lesson.figures(lesson.before, old.gate)},
        "after": {"calibration": lesson.after.fingerprint, **lesson.figures(lesson.after, new.gate)},
        "decided_otherwise": changes,
    }


def _report(lesson: "Lesson", told: dict[str, Any], currency: str) -> str:
    from zimage_core.scoring.reliability import bins_of, diagram

    lines = [f"Learnt from {told['learnt_from']} verdicts, judged on {told['judged_on']} later ones."]
    if told["passed_over"]:
        lines.append(f"{told['passed_over']} verdicts about pictures of another scorer were passed over.")
    lines += ["", f"{'':<20}{'before':>10}{'after':>10}"]
    for key in FIGURES:
        was, now = told["before"][key], told["after"][key]
        lines.append(f"{key.replace('_', ' '):<20}{was:>10.3f}{now:>10.3f}")
    for name, calibration in (("Before:", lesson.before), ("After:", lesson.after)):
        lines += ["", name, diagram(bins_of(lesson.p(calibration), lesson.right))]
    prices, gate = lesson.prices, lesson.gate
    lines += [
        "",
        f"The gate that costs least is {gate.gate:.2f}, {gate.cost:.4f} {currency} a picture:",
        f"{prices.remake:.4f} for a Base picture, {prices.review:.3f} for a person's look,",
        f"{prices.wrong:g} for a wrong picture published.",
        *_changes(told),
    ]
    if not lesson.better:
        lines.append("It says the later verdicts no better than before, so nothing is saved.")
    return "\n".join(lines)


def _changes(told: dict[str, Any]) -> list[str]:
    changes = told["decided_otherwise"]
    lines = [f"{len(changes)} of the {told['judged_on']} later pictures would have been decided otherwise."]
    for each in changes[:SHOWN]:
        what = f"  {each['sku']} {each['shot']}, attempt {each['attempt']}"
        lines.append(f"{what}: {each['before']}, now {each['after']}; a person {each['person']} it")
    if len(changes) > SHOWN:
        lines.append(f"  and {len(changes) - SHOWN} more, which --json lists")
    return lines


def _save(path: Path, policy: Path | None, lesson: "Lesson", new: "GatePolicy", *, quiet: bool) -> None:
    from zimage_core.judging.policy import as_toml as policy_text
    from zimage_core.scoring.fitting import as_toml

    head = "Fitted by packshot calibrate on people's verdicts."
    path.write_text(as_toml(lesson.after, head), encoding="utf-8")
    said = [f"Saved {path}; set PACKSHOT_CORE__CALIBRATION to it and start the core again."]
    if policy:
        policy.write_text(policy_text(new), encoding="utf-8")
        said.append(f"Saved {policy}; set PACKSHOT_FLOWS__POLICY to it.")
    if not quiet:
        typer.echo("\n" + "\n".join(said))


def _draw(path: Path, lesson: "Lesson") -> None:
    from packshot.calibration_plot import draw_reliability

    path.parent.mkdir(parents=True, exist_ok=True)
    sides = {"before": lesson.p(lesson.before), "after": lesson.p(lesson.after)}
    draw_reliability(path, sides, lesson.right)
