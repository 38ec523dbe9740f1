"""A studio's records as they look after a busy week: what `packshot demo` made, told as several campaigns.

Everything goes through the catalog's own methods, except that whole batches are moved into the past: times
are the database's, and nobody wants to wait a week. The audit trail is chained anew over the moved times.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select, text

from catalog import AssetStore, Catalog, Defect, Made, Review, Severity, ShotHistory
from catalog.audit import Change, note
from catalog.audit_rows import AuditHeadRow, AuditRow
from catalog.columns import Moment, Row
from catalog.engines import Database, database_at
from prompt_rules import RuleTables, default_tables_folder
from schemas import Outcome, ProductForm, RenderJob, Role, Shot
from schemas.lot_plans import Proposal, Sampling
from studio.accounts import CatalogAccounts

DEMO = "demo"
"""The campaign that `packshot demo` makes."""

OPERATOR, REVIEWER, SECOND, ADMIN, GONE = "lin.wei", "rosa.klein", "陈洁", "ada.moore", "former.temp"
PASSWORD = "a long walk by the river"  # noqa: S105 - it opens nothing but a sample
PEOPLE = {
    OPERATOR: Role.OPERATOR,
    REVIEWER: Role.REVIEWER,
    SECOND: Role.REVIEWER,
    ADMIN: Role.ADMIN,
    GONE: Role.OPERATOR,
}
FULL, HALF, RUNNING, WAITING = "autumn-home", "singles-day", "winter-sale", "spring-2027"
FINDINGS = (
    ("colour_shift", Severity.MAJOR, "more orange than the product photo"),
    ("small_shadow", Severity.MINOR, ""),
    ("off_centre", Severity.MINOR, ""),
    ("wrong_count", Severity.CRITICAL, "two cups instead of one"),
)
GOOD = 0.85
"""The share of pictures that people let pass."""

HOUR = timedelta(hours=1)
STORED = "%Y-%m-%d %H:%M:%f000"
"""How SQLite keeps times here."""

BATCH = 6
"""Shots that are made in one stretch of a campaign."""


def fill(workspace: Path) -> None:
    """Fill a copy of the demo's `workspace` with a week's campaigns, people, reviews and settings."""
    url = f"sqlite:///{workspace / 'catalog.sqlite'}"
    database = database_at(url)
    with Catalog.open(url, AssetStore(workspace / "assets")) as catalog:
        guards = _unguarded(database)
        told = catalog.shot_histories(DEMO)
        _people(catalog)
        _rules(catalog, "as it comes")
        _make(catalog, database, FULL, told, len(told))
        _inspect(catalog, FULL, 1.0)
        _rules(catalog, "warmer light for wood, asked for by the shop", changed=True)
        _ago(database, 60 * HOUR)
        _make(catalog, database, HALF, told, len(told))
        _inspect(catalog, HALF, 0.5)
        _ago(database, 26 * HOUR)
        _make(catalog, database, RUNNING, told, _halfway(told))
        _inspect(catalog, DEMO, 0.3)
        catalog.submit(WAITING, [one.shot.form for one in told[:8]], by=OPERATOR)
        catalog.pause(WAITING, OPERATOR)
        _desk(catalog, [one.shot.form for one in told])
        _ago(database, timedelta(minutes=7))
        _ahead(catalog, [one.shot.form for one in told])
    _chain(database, guards)
    database.close()


def _people(catalog: Catalog) -> None:
    accounts = CatalogAccounts(catalog)
    for name, role in PEOPLE.items():
        accounts.add(name, role, PASSWORD, ADMIN)
    catalog.put_user(GONE, Role.OPERATOR, ADMIN, active=False)
    catalog.issue_key("shop system", Role.OPERATOR, ADMIN)
    catalog.issue_key("monthly report", Role.REVIEWER, ADMIN, valid_s=90 * 86400.0)
    old = catalog.issue_key("old importer", Role.OPERATOR, ADMIN)
    catalog.revoke_key(old.key.id, ADMIN)
    catalog.add_endpoint("https://shop.example/hooks/packshot", "whsec_" + "c2FtcGxl" * 4, ADMIN)


def _rules(catalog: Catalog, why: str, *, changed: bool = False) -> None:
    """Put the packaged tables in force, or those with one phrase in other words."""
    tables = RuleTables.load(default_tables_folder())
    if changed:
        rules = tuple(
            rule.model_copy(update={"en": "on a warm wooden table", "zh": "温暖木质桌面"})
            if rule.id == "background.wood"
            else rule
            for rule in tables.rules
        )
        tables = RuleTables(rules=rules)
    catalog.keep_tables(tables.fingerprint, tables.text)
    catalog.activate_tables(tables.fingerprint, ADMIN, why)


def _make(
    catalog: Catalog, database: Database, campaign: str, told: Sequence[ShotHistory], begun: int
) -> None:
    """Tell the demo's shots again as `campaign`, the first `begun` of them made, in stretches."""
    shots = catalog.submit(campaign, [one.shot.form for one in _products(told)], by=OPERATOR).shots
    known = {(shot.form.sku, shot.shot_type): shot for shot in shots}
    for start in range(0, begun, BATCH):
        stretch = told[start : min(start + BATCH, begun)]
        pairs = [(known[one.shot.form.sku, one.shot.shot_type], one) for one in stretch]
        catalog.record_attempts([made for shot, one in pairs for made in _tries(catalog, shot, one)])
        catalog.record_renditions(
            [file.model_copy(update={"shot_id": shot.id}) for shot, one in pairs for file in one.renditions]
        )
        _ago(database, HOUR if begun == len(told) else HOUR / 12)


def _products(told: Sequence[ShotHistory]) -> list[ShotHistory]:
    """Take one shot of each product."""
    return list({one.shot.form.sku: one for one in told}.values())


def _halfway(told: Sequence[ShotHistory]) -> int:
    """Count the shots until the middle of a product, more than half of all."""
    places = range(len(told) * 3 // 5, len(told))
    return next(place for place in places if told[place].shot.form.sku == told[place - 1].shot.form.sku)


def _tries(catalog: Catalog, shot: Shot, told: ShotHistory) -> Iterator[Made]:
    for old in told.attempts:
        if old.picture and old.provenance and old.verdict and told.spec:
            job = RenderJob.for_attempt(told.spec, old.job.preset, shot.id, old.number)
            provenance = old.provenance.model_copy(update={"seed": job.seed})
            facts = {
                "shot_id": shot.id,
                "job": job,
                "provenance": provenance,
                "picture": None,
                "made_at": None,
            }
            yield Made(old.model_copy(update=facts), told.spec, catalog.picture(old.picture), None)


def _inspect(catalog: Catalog, campaign: str, share: float) -> None:
    """Draw lots of a campaign and let two people look at `share` of what waits for them."""
    lot = catalog.draw_lot(campaign, Sampling.ISO2859, REVIEWER, overlap=0.3)
    waiting = {reviewer: catalog.assign(reviewer, 40, lot=lot.id) for reviewer in (REVIEWER, SECOND)}
    for reviewer, assigned in waiting.items():
        for one in assigned[: round(len(assigned) * share)]:
            chance = random.Random(f"{one.shot.form.sku} {one.shot.shot_type}")  # noqa: S311 - a sample, not a secret
            good = chance.random() < GOOD
            code, severity, comment = chance.choice(FINDINGS)
            catalog.record_review(
                Review(
                    attempt_id=one.attempt.id,
                    reviewer=reviewer,
                    outcome=Outcome.ACCEPTED if good else Outcome.REJECTED,
                    defects=() if good else (Defect(code=code, severity=severity),),
                    comment="" if good else comment,
                    lot=lot.id,
                )
            )
    if catalog.lot_count(lot.id).proposal is not Proposal.WAIT:
        catalog.close_by_numbers(lot.id, REVIEWER)


def _desk(catalog: Catalog, forms: Sequence[ProductForm]) -> None:
    """Leave drafts and templates as people do."""
    for number, (form, name) in enumerate(((forms[0], "Mug for the sale"), (forms[-1], "百搭小白鞋 夏季"))):
        fields = form.model_dump(mode="json", exclude_defaults=True)
        catalog.keep_draft(f"{number:024x}", ADMIN, name, fields)
    kept = ("category", "material", "background", "shots", "channels", "must_not", "locale")
    for form, name in ((forms[0], "Marketplace mug"), (forms[-1], "天猫鞋类标准")):
        fields = {key: value for key, value in form.model_dump(mode="json").items() if key in kept and value}
        catalog.keep_template(OPERATOR, name, form.category, fields)


def _ahead(catalog: Catalog, forms: Sequence[ProductForm]) -> None:
    """Leave what is under way or still to come: leases, schedules, deliveries."""
    catalog.reprioritise(RUNNING, 10, OPERATOR)
    catalog.claim(RUNNING, "worker-1", 4)
    catalog.put_schedule("weekly-refresh", "0 9 * * 1", "Asia/Shanghai", forms[:12], OPERATOR)
    catalog.put_schedule("night-stock", "30 2 * * *", "Europe/London", forms[:5], ADMIN)
    catalog.switch_schedule("night-stock", ADMIN, on=False)
    catalog.add_endpoint("https://report.example/packshot", "whsec_" + "c2FtcGxf" * 4, ADMIN)
    for number, delivery in enumerate(catalog.claim_deliveries("sender", 24, 24)):
        if number % 6 == 5:
            catalog.undelivered(delivery, "the receiver answered 503", 900.0, 503)
        else:
            catalog.delivered(delivery, 204)


def _ago(database: Database, span: timedelta) -> None:
    """Move everything that is recorded into the past."""
    with database.writing() as session:
        for table in Row.metadata.sorted_tables:
            times = [column.name for column in table.columns if isinstance(column.type, Moment)]
            moved = ", ".join(f"{name} = strftime('{STORED}', {name}, :back)" for name in times)
            if times:
                back = {"back": f"-{span.total_seconds():.0f} seconds"}
                session.execute(text(f"UPDATE {table.name} SET {moved}"), back)  # noqa: S608 - names of our own


def _unguarded(database: Database) -> tuple[str, ...]:
    """Take away what keeps records append-only; return how to put it back."""
    named = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%append-only%'")
    with database.writing() as session:
        guards = session.execute(named).all()
        for name, _ in guards:
            session.execute(text(f"DROP TRIGGER {name}"))
    return tuple(sql for _, sql in guards)


def _chain(database: Database, guards: Sequence[str]) -> None:
    """Link the audit trail anew, entry by entry, and guard it again."""
    with database.writing() as session:
        rows = session.scalars(
            select(AuditRow).order_by(AuditRow.at, AuditRow.subject, AuditRow.sequence)
        ).all()
        told = [(Change(row.subject, row.actor, row.action, row.before, row.after), row.at) for row in rows]
        session.execute(delete(AuditRow))
        session.execute(delete(AuditHeadRow))
        session.expunge_all()
        for change, at in told:
            note(session, [change], at)
        for guard in guards:
            session.execute(text(guard))
