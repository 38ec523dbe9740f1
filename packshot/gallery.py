"""The page a run leaves behind: each shot with its attempts, scores, prompt, rules and files, in one file."""

import base64
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from catalog import ShotHistory
from flows.services import Records
from packshot.production import Production
from schemas import Attempt, Outcome, Rendition, RenditionSpec, Schema, TraceEntry, Variant
from zimage_core.renditions.thumbnails import thumbnail

ATTEMPT_PX = 176
FILE_PX = 112
"""Longest side of the embedded small pictures; the files themselves are linked."""


class FileCard(Schema):
    """One slot of one channel: the file made for it, or that it is missing."""

    recipe: RenditionSpec
    rendition: Rendition | None
    picture: str
    """Data address of the small picture, empty when the file is missing."""
    link: str


class AttemptCard(Schema):
    """One attempt with its small picture (a data address, empty when it failed)."""

    attempt: Attempt
    picture: str
    won: bool


class ShotCard(Schema):
    """One shot as the page shows it; tables in Prefect link to its id."""

    id: str
    sku: str
    title: str
    shot_type: str
    state: str
    badge: str
    prompt: str
    trace: tuple[TraceEntry, ...]
    attempts: tuple[AttemptCard, ...]
    files: tuple[FileCard, ...]


def write_gallery(workspace: Path, production: Production, records: Records) -> Path:
    """Write `index.html` into `workspace` and return its path; the page needs no other file to be read."""
    environment = Environment(
        loader=PackageLoader("packshot"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    histories = records.catalog.shot_histories(production.campaign)
    cards = [shot_card(history, records) for history in histories]
    text = environment.get_template("gallery.html.j2").render(
        production=production, summary=production.summary, cards=cards, gates=_gates(histories)
    )
    return records.catalog.publish(workspace, "index.html", text.encode())


def shot_card(history: ShotHistory, records: Records) -> ShotCard:
    """Gather what the page shows of one shot."""
    shot = history.shot
    winner = history.master.attempt_id if history.master else ""
    attempts = tuple(
        AttemptCard(
            attempt=attempt,
            picture=_small(records.catalog.picture(attempt.picture), ATTEMPT_PX) if attempt.picture else "",
            won=attempt.id == winner,
        )
        for attempt in history.attempts
    )
    state, badge = _state(history)
    return ShotCard(
        id=shot.id,
        sku=shot.form.sku,
        title=shot.form.title,
        shot_type=shot.shot_type,
        state=state,
        badge=badge,
        prompt=history.spec.text if history.spec else "",
        trace=history.spec.trace if history.spec else (),
        attempts=attempts,
        files=_files(history, records) if history.master else (),
    )


def _state(history: ShotHistory) -> tuple[str, str]:
    """Return the state's key and the words on its badge."""
    master = history.master
    if master is not None:
        won = next(attempt for attempt in history.attempts if attempt.id == master.attempt_id)
        if won.variant is Variant.BASE:
            return "base", "saved by Base"
        return "turbo", "accepted on Turbo"
    last = history.attempts[-1].verdict if history.attempts else None
    if last and last.outcome is Outcome.NEEDS_REVIEW:
        return "review", "sent to review"
    return "open", "unfinished"


def _files(history: ShotHistory, records: Records) -> tuple[FileCard, ...]:
    """Pair every recipe of the form's channels with the file made for it from the present master."""
    master = history.master.picture if history.master else ""
    made = {r.recipe: r for r in history.renditions if r.master == master}
    recipes = records.recipes.for_shot(history.shot.form.channels, history.shot.shot_type)
    return tuple(_file(recipe, made.get(recipe.fingerprint), records) for recipe in recipes)


def _file(recipe: RenditionSpec, rendition: Rendition | None, records: Records) -> FileCard:
    if rendition is None:
        return FileCard(recipe=recipe, rendition=None, picture="", link="")
    path = records.exports / recipe.channel / rendition.file_name
    link = quote(f"{records.exports.name}/{recipe.channel}/{rendition.file_name}")
    return FileCard(recipe=recipe, rendition=rendition, picture=_small(path.read_bytes(), FILE_PX), link=link)


def _small(picture: bytes, side: int) -> str:
    """Return a data address of `picture` reduced to at most `side` px."""
    return "data:image/webp;base64," + base64.b64encode(thumbnail(picture, side)).decode()


def _gates(histories: tuple[ShotHistory, ...]) -> tuple[float, ...]:
    """Return the gates that pictures were held against, the lowest first; they differ by shot and channel."""
    verdicts = (a.verdict for history in histories for a in history.attempts)
    return tuple(sorted({v.gate for v in verdicts if v and v.gate is not None}))
