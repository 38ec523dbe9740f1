"""A large catalog in a minute: a few shots recorded by the real code, and their rows copied under new ids.

Whatever tables the catalog has are copied, so one that is added later is full as well. Four fifths of the
shots are of one campaign, which people refused a lot of: all the rest of it is in one full inspection. The
copies share the pictures of the shots they were made from; their audit chains are not whole.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Table, func, insert, select, text

from benchmarks.masters import master
from catalog import Catalog, Defect, Made, Origin, Review, Severity
from catalog.columns import Row
from catalog.engines import Database, database_at
from catalog.rows import ShotRow
from catalog.words import listed_words
from prompt_rules import RuleTables, compile_prompt, default_tables_folder
from schemas import Outcome, ProductForm, Role, Shot, ShotType, Variant, Verdict, content_id
from schemas.lot_plans import Sampling
from schemas.renditions import rendition_id
from tests.factories import a_form, a_rendition, an_attempt, some_scores

CAMPAIGNS = ("spring", "summer", "autumn", "winter", "spring-sale")
"""The first has four fifths of all shots."""

FORMS = 20
"""Products of each campaign that are recorded for true, with two shots each."""

LOOKS = 150
"""Pictures of the large campaign's lot that are looked at."""

SHARED = frozenset(
    {
        "campaigns",
        "rule_tables",
        "rule_activations",
        "calibrations",
        "users",
        "api_keys",
        "endpoints",
        "drafts",
    }
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
Found = dict[str, list[dict[str, Any]]]
"""Rows by the names of their tables."""

_ID = re.compile(r"\b(shot|attempt|form|rendition|evt|trace|delivery)_([0-9a-f]{6})([0-9a-f]{18})\b")
_SKU = re.compile(r"\bSKU-([0-9]{4})-000\b")
_STEP = timedelta(seconds=61)


def fill(catalog: Catalog, url: str, shots: int, say: Callable[[str], None]) -> int:
    """Bring the empty catalog at `url` to about `shots` shots over five campaigns; return their number."""
    people(catalog)
    database = database_at(url)
    tables = [table for table in Row.metadata.sorted_tables if table.name not in SHARED]
    rules = RuleTables.load(default_tables_folder())
    _record(catalog, CAMPAIGNS[0], 0, rules)
    large = _rows(database, tables)
    for place, campaign in enumerate(CAMPAIGNS[1:], start=1):
        _record(catalog, campaign, place, rules)
    every = _rows(database, tables)
    small = {name: [row for row in rows if row not in large[name]] for name, rows in every.items()}
    fifth = max(1, shots // (2 * FORMS * 5))
    _copy(database, tables, large, 4 * fifth, say)
    _copy(database, tables, small, max(1, shots // 5 // (2 * FORMS * 4)), say)
    _inspect(catalog, say)
    if url.startswith("postgresql"):
        with database.writing() as session:
            session.execute(text("ANALYZE"))
    database.close()
    return filled(url)


def people(catalog: Catalog) -> None:
    """Add people, keys, somebody's drafts and a receiver of events."""
    for number in range(30):
        catalog.put_user(f"person.{number:02d}", (Role.REVIEWER, Role.OPERATOR)[number % 2], "packshot")
        catalog.issue_key(f"shop {number}", Role.OPERATOR, "packshot")
        catalog.keep_draft(f"draft_{number:024x}", "local", f"Draft {number}", {"sku": f"SKU-{number}"})
    catalog.add_endpoint("https://shop.example/hooks", "whsec_" + "A" * 32, "packshot")


def _rows(database: Database, tables: Sequence[Table]) -> Found:
    with database.reading() as session:
        return {
            table.name: [dict(row) for row in session.execute(select(table)).mappings()] for table in tables
        }


def _copy(
    database: Database, tables: Sequence[Table], found: Found, times: int, say: Callable[[str], None]
) -> None:
    """Copy rows so that there are `times` as many of them."""
    for first in range(1, times, 25):
        numbers = range(first, min(first + 25, times))
        ids = {number: _ids(found, number) for number in numbers}
        with database.writing() as session:
            for table in tables:
                rows = [row for number in numbers for row in _copied(table, found, number, ids[number])]
                if rows:
                    session.connection().execute(insert(table), rows)
        say(f"{numbers[-1]} of {times} copies")


def _inspect(catalog: Catalog, say: Callable[[str], None]) -> None:
    """Draw a lot of each of two campaigns, and refuse the large one's: the rest of it is opened whole."""
    catalog.draw_lot(CAMPAIGNS[1], Sampling.ISO2859, "rosa", overlap=0.1)
    say("drawing a lot")
    lot = catalog.draw_lot(CAMPAIGNS[0], Sampling.ISO2859, "rosa")
    random = [one.attempt_id for one in lot.members if one.origin is Origin.RANDOM]
    for number, attempt_id in enumerate(random[:LOOKS]):
        bad = number % 3 == 0
        catalog.record_review(
            Review(
                attempt_id=attempt_id,
                reviewer="rosa",
                outcome=Outcome.REJECTED if bad else Outcome.ACCEPTED,
                defects=(Defect(code="wrong_colour", severity=Severity.CRITICAL),) if bad else (),
                lot=lot.id,
            )
        )
    catalog.close_by_numbers(lot.id, "rosa")


def filled(url: str) -> int:
    """Count the shots of a catalog, which was filled before when there are any."""
    database = database_at(url)
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(ShotRow)) or 0
    database.close()
    return count


def _record(catalog: Catalog, campaign: str, place: int, rules: RuleTables) -> None:
    """Record a campaign: most accepted at once, some by Base, some in review, one reviewed, two not begun."""
    shots = catalog.register(campaign, [_form(place * FORMS + number) for number in range(FORMS)])
    picture = master(128, ShotType.SCENE, place)
    made = [one for number, shot in enumerate(shots[:-2]) for one in _tries(shot, number, picture, rules)]
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


def _tries(shot: Shot, number: int, picture: bytes, rules: RuleTables) -> Iterator[Made]:
    spec = compile_prompt(shot.form, shot.shot_type, rules)
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
        attempt = an_attempt(shot, count, outcome, variant, spec, scores=some_scores(score), verdict=verdict)
        yield Made(attempt, spec, picture + f"{shot.id} {count}".encode())


def _form(number: int) -> ProductForm:
    return a_form(
        sku=f"SKU-{number:04d}-000",
        title=f"{('Red', 'Blue', '红色', '白色')[number % 4]} {NOUNS[number % len(NOUNS)]}",
        category=("mug", "bottle", "backpack", "cap")[number % 4],
        channels=("taobao", "amazon") if number % 3 else ("shopify", "ebay", "taobao"),
        shots=(ShotType.WHITE_MAIN, ShotType.SCENE),
    )


def _copied(table: Table, found: Found, number: int, ids: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Copy rows under ids of their own, a minute earlier for each copy; counters are left to the database."""
    if table.name == "words":
        for form in found["forms"]:
            words = listed_words(_anew(form["sku"], number, ids), form["body"]["title"])
            yield from ({"word": word, "form": ids[form["fingerprint"]]} for word in words)
        return
    counters = {column.name for column in table.primary_key if column.autoincrement is True}
    for row in found[table.name]:
        if not str(row.get("subject", "shot_")).startswith("shot_"):
            continue
        told = {
            name: _renamed(table, name, value, number, ids)
            for name, value in row.items()
            if name not in counters
        }
        if table.name == "shots":
            told["position"] += number * 2 * FORMS
        yield told


def _ids(found: Found, number: int) -> dict[str, str]:
    """Derive the ids of a copy from its content, as the catalog does, by those of the first."""
    ids = {}
    for form in found["forms"]:
        text = _SKU.sub(lambda sku: f"SKU-{sku[1]}-{number:03d}", json.dumps(form["body"]))
        ids[form["fingerprint"]] = ProductForm.model_validate_json(text).fingerprint
    for shot in found["shots"]:
        ids[shot["id"]] = content_id("shot", [shot["campaign"], ids[shot["form"]], shot["shot_type"]])
    for attempt in found["attempts"]:
        ids[attempt["id"]] = content_id("attempt", [ids[attempt["shot_id"]], attempt["number"]])
    for one in found["renditions"]:
        ids[one["id"]] = rendition_id(ids[one["shot_id"]], one["master"], one["recipe"])
    return ids


def _renamed(table: Table, name: str, value: Any, number: int, ids: Mapping[str, str]) -> Any:
    if isinstance(value, datetime):
        return value - number * _STEP
    if isinstance(value, str):
        return _anew(value, number, ids)
    if isinstance(table.columns[name].type, JSON) and value is not None and table.name != "specs":
        return json.loads(_anew(json.dumps(value), number, ids))
    return value


def _anew(value: str, number: int, ids: Mapping[str, str]) -> str:
    def other(found: re.Match[str]) -> str:
        known = ids.get(found[0])
        return known or f"{found[1]}_{(int(found[2], 16) + number) % 2**24:06x}{found[3]}"

    value = _ID.sub(other, value)
    return _SKU.sub(lambda found: f"SKU-{found[1]}-{number:03d}", value)
