"""A large catalog in a minute: a few shots recorded by the real code, and their rows copied under new ids.

Whatever tables the catalog has are copied, so one that is added later is full as well. The copies share the
pictures of the shots they were made from; their audit chains are not whole, which no page looks at.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Table, func, insert, select, text

from benchmarks.masters import master
from catalog import Catalog, Made, Review
from catalog.columns import Row
from catalog.engines import database_at
from catalog.rows import ShotRow
from catalog.words import listed_words
from schemas import Outcome, ProductForm, Shot, ShotType, Variant, Verdict
from tests.factories import a_form, a_rendition, a_spec, an_attempt, some_scores

CAMPAIGNS = ("spring", "summer", "autumn", "winter", "spring-sale")
FORMS = 20
"""Products of each campaign that are recorded for true, with two shots each."""

SHARED = frozenset(
    {"campaigns", "specs", "spec_rules", "rule_tables", "rule_activations", "calibrations", "users"}
)
"""Tables whose rows are one for many shots, or none of a shot's at all."""

NOUNS = (
    "ceramic mug",
    "陶瓷花瓶",
    "canvas backpack",
    "帆布双肩包",
    "running shoe",
    "轻便跑鞋",
    "sun cap",
    "遮阳帽",
)
REASONS = (
    "colour: asked red, looks blue (0.59 against 0.41)",
    "not sure enough (0.61, gate 0.85); least sure",
)
_ID = re.compile(r"\b(shot|attempt|form|rendition|event|evt|lot|msg)_([0-9a-f]{6})(?=[0-9a-f]{18}\b)")
_SKU = re.compile(r"\bSKU-([0-9]{4})-000\b")
_STEP = timedelta(seconds=61)


def fill(catalog: Catalog, url: str, shots: int, say: Callable[[str], None]) -> int:
    """Bring the empty catalog at `url` to about `shots` shots over five campaigns; return their number."""
    for place, campaign in enumerate(CAMPAIGNS):
        _record(catalog, campaign, place)
    sample = 2 * FORMS * len(CAMPAIGNS)
    copies = max(0, shots // sample - 1)
    tables = [table for table in Row.metadata.sorted_tables if table.name not in SHARED]
    database = database_at(url)
    with database.reading() as session:
        found = {
            table.name: [dict(row) for row in session.execute(select(table)).mappings()] for table in tables
        }
    for first in range(1, copies + 1, 10):
        with database.writing() as session:
            for table in tables:
                numbers = range(first, min(first + 10, copies + 1))
                rows = [row for number in numbers for row in _copied(table, found, number)]
                if rows:
                    session.connection().execute(insert(table), rows)
        say(f"{(min(first + 9, copies) + 1) * sample} shots")
    with database.writing() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ANALYZE"))
        count = session.scalar(select(func.count()).select_from(ShotRow)) or 0
    database.close()
    return count


def filled(url: str) -> int:
    """Count the shots of a catalog, which was filled before when there are any."""
    database = database_at(url)
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(ShotRow)) or 0
    database.close()
    return count


def _record(catalog: Catalog, campaign: str, place: int) -> None:
    """Record a campaign: most accepted at once, some by Base, some in review, one reviewed, two not begun."""
    shots = catalog.register(campaign, [_form(place * FORMS + number) for number in range(FORMS)])
    picture = master(128, ShotType.SCENE, place)
    made = [one for number, shot in enumerate(shots[:-2]) for one in _tries(shot, number, picture)]
    told = catalog.record_attempts(made).attempts
    won = [one.shot_id for one in told if one.verdict and one.verdict.outcome is Outcome.ACCEPTED]
    catalog.record_renditions(
        [
            a_rendition(
                catalog.master_of(shot_id), slot, recipe=f"recipe_{slot}", file_name=f"{shot_id}_{slot}.jpg"
            )
            for shot_id in won
            for slot in ("taobao_main", "amazon_main")
        ]
    )
    catalog.record_review(Review(attempt_id=told[1].id, reviewer="rosa", outcome=Outcome.ACCEPTED))


def _tries(shot: Shot, number: int, picture: bytes) -> Iterator[Made]:
    outcomes = [Outcome.ACCEPTED]
    if number % 6 == 0:
        outcomes = [Outcome.REJECTED, Outcome.ACCEPTED]
    if number % 10 == 9:
        outcomes = [Outcome.REJECTED, Outcome.REJECTED, Outcome.NEEDS_REVIEW]
    for count, outcome in enumerate(outcomes):
        variant = Variant.BASE if count and count == len(outcomes) - 1 else Variant.TURBO
        good = outcome is Outcome.ACCEPTED
        score = round(0.86 + number / 400 if good else 0.2 + number / 100, 4)
        reasons = ("all that was asked is seen (0.91, gate 0.85)",) if good else (REASONS[number % 2],)
        verdict = Verdict(outcome=outcome, reasons=reasons, gate=0.85)
        attempt = an_attempt(shot, count, outcome, variant, scores=some_scores(score), verdict=verdict)
        yield Made(attempt, a_spec(), picture + f"{shot.id} {count}".encode())


def _form(number: int) -> ProductForm:
    return a_form(
        sku=f"SKU-{number:04d}-000",
        title=f"{('Red', 'Blue', '红色', '白色')[number % 4]} {NOUNS[number % len(NOUNS)]}",
        category=("mug", "bottle", "backpack", "cap")[number % 4],
        channels=("taobao", "amazon") if number % 3 else ("shopify", "ebay", "taobao"),
        shots=(ShotType.WHITE_MAIN, ShotType.SCENE),
    )


def _copied(table: Table, found: dict[str, list[dict[str, Any]]], number: int) -> Iterator[dict[str, Any]]:
    """Copy rows under ids of their own, a minute earlier for each copy; counters are left to the database."""
    if table.name == "words":
        for form in found["forms"]:
            words = listed_words(_anew(form["sku"], number), form["body"]["title"])
            yield from ({"word": word, "form": _anew(form["fingerprint"], number)} for word in words)
        return
    counters = {column.name for column in table.primary_key if column.autoincrement is True}
    for row in found[table.name]:
        if not str(row.get("subject", "shot_")).startswith("shot_"):
            continue
        told = {
            name: _renamed(table, name, value, number) for name, value in row.items() if name not in counters
        }
        if table.name == "shots":
            told["position"] += number * 2 * FORMS
        yield told


def _renamed(table: Table, name: str, value: Any, number: int) -> Any:
    if isinstance(value, datetime):
        return value - number * _STEP
    if isinstance(value, str):
        return _anew(value, number)
    if isinstance(table.columns[name].type, JSON) and value is not None:
        return json.loads(_anew(json.dumps(value), number))
    return value


def _anew(value: str, number: int) -> str:
    value = _ID.sub(lambda found: f"{found[1]}_{(int(found[2], 16) + number) % 2**24:06x}", value)
    return _SKU.sub(lambda found: f"SKU-{found[1]}-{number:03d}", value)
