"""What happened to a shot, in order: ordered, made, decided, looked at, moved. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from catalog import ShotStory
from schemas import DecidedBy, Outcome, Verdict
from schemas.reasons import reason_key
from studio.language import Words
from studio.reason_words import reason_name

RUN = "run-"
"""How a flow's run names itself as the owner of its leases."""


@dataclass(frozen=True)
class Happening:
    """One line of a shot's history, in the reader's words."""

    at: datetime
    who: str
    what: str
    details: str


def history(story: ShotStory, words: Words) -> tuple[Happening, ...]:
    """List everything that happened, oldest first."""
    found = [*_made(story, words), *_decided(story, words), *_moved(story, words)]
    return tuple(sorted(found, key=lambda one: one.at))


def _made(story: ShotStory, words: Words) -> Iterator[Happening]:
    yield Happening(
        story.created_at, words.of("actor", "catalog"), words("shot_page.ordered"), story.shot.campaign
    )
    for attempt in story.attempts:
        if attempt.made_at is None:
            continue
        n, model = attempt.number + 1, words.of("model", attempt.variant)
        what = words("shot_page.made" if attempt.picture else "shot_page.not_made", n=n, model=model)
        scores = attempt.scores
        details = words(
            "shot_page.rules_of",
            version=story.specs[attempt.number].tables[-8:],
            calibration=(scores.calibration[-8:] if scores and scores.calibration else "–"),
        )
        yield Happening(attempt.made_at, words.of("actor", "catalog"), what, details)


def _decided(story: ShotStory, words: Words) -> Iterator[Happening]:
    for one in story.decisions:
        verdict = one.verdict
        who = verdict.reviewer or words.of("decided_by", verdict.by)
        what = words("shot_page.decided", n=one.number + 1, outcome=words.of("verdict", verdict.outcome))
        yield Happening(one.decided_at, who, what, "; ".join(reasons_in_words(verdict, words)))


def reasons_in_words(verdict: Verdict, words: Words) -> Iterator[str]:
    """Say why a picture was turned down, in the reader's words; a person's own words as they are."""
    if verdict.outcome is Outcome.ACCEPTED:
        return
    for reason in verdict.reasons:
        key = reason_key(reason)
        yield reason if verdict.by is DecidedBy.PERSON and key == "other" else reason_name(words, key)


def _moved(story: ShotStory, words: Words) -> Iterator[Happening]:
    for entry in story.trail:
        run = entry.actor.startswith(RUN)
        who = (
            words("actor.run", id=entry.actor.removeprefix(RUN)[:8])
            if run
            else words.of("actor", entry.actor)
        )
        state = (entry.after or {}).get("state")
        details = str((entry.after or {}).get("why", "")) or (words.of("shot_state", state) if state else "")
        yield Happening(entry.at, who, words.of("action", entry.action.replace(" ", "_")), details)
