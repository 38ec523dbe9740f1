"""Shots compiled per second, seconds to load and prove the tables, and what ten times the rows cost.

Run in the repository's root: python -m benchmarks.rules [--rounds N]

CPU time of one process, so that other work on the machine counts little; the best of the rounds is shown.
The reference compiles the same forms with the rows of the practice world only, and loads with csv alone.
The table of 4,000 rows holds the packaged rows and copies of them under new departments, categories, colours,
materials, styles, props and wishes; the forms for it are spread over all of its categories.
"""

import argparse
import csv
import platform
import sys
import time
from collections.abc import Callable, Sequence

from prompt_rules import RuleTables, Slot, compile_prompt, default_tables_folder
from prompt_rules.rules import NOTHING, SLOT_COLUMNS, Rule
from prompt_rules.table_proofs import check_rules
from schemas import Locale, ProductForm, ShotType

GOALS = {"shots": 5_000.0, "load": 1.0, "growth": 2.0}
ROWS = 4_000
_NAMES = ("zh_synonyms", "en_synonyms", "zh_names", "en_names")
_VALUES = frozenset(
    (Slot.COLOUR, Slot.MATERIAL, Slot.STYLE, Slot.PROPS, Slot.SEASON, Slot.AUDIENCE, Slot.BODY, Slot.MUST_NOT)
)
SHOTS = (ShotType.WHITE_MAIN, ShotType.SCENE, ShotType.DETAIL, ShotType.MODEL)


def main() -> None:
    """Measure and print the three figures beside their goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    tables = RuleTables.load(default_tables_folder())
    grown = grown_to(tables, ROWS)
    forms = forms_of(tables)
    practice = [form for form in forms if tables.department(form.category) == "practice"]
    rate = per_second(forms, tables, rounds)
    every = forms_of(grown)
    rate_grown = per_second(every[:: len(every) // len(forms)][: len(forms)], grown, rounds)
    print(f"{platform.machine()}, {platform.python_implementation()} {sys.version.split()[0]}, one process")
    print(
        f"{len(tables.rules)} rows, {len(forms) * len(SHOTS)} shots of {len(forms)} forms, best of {rounds}"
    )
    print(f"{'figure':<44}{'measured':>10}{'goal':>12}{'reference':>34}")
    mark = f"practice products {per_second(practice, tables, rounds):.0f}"
    line("shots compiled per second on one core", f"{rate:.0f}", f">= {GOALS['shots']:.0f}", mark)
    load = best(lambda: RuleTables.load(default_tables_folder()), rounds)
    reading = best(read_only, rounds)
    line(
        "seconds to load and prove the tables",
        f"{load:.3f}",
        f"< {GOALS['load']:.0f}",
        f"reading alone {reading:.3f}",
    )
    prove = best(lambda: check_rules(grown.rules), 1)
    growth = rate / rate_grown
    mark = f"{rate_grown:.0f}/s, proving {prove:.2f} s"
    line(
        f"cost per shot at {len(grown.rules)} rows, times", f"{growth:.2f}", f"<= {GOALS['growth']:.0f}", mark
    )


def line(figure: str, measured: str, goal: str, reference: str) -> None:
    """Print one row of the table."""
    print(f"{figure:<44}{measured:>10}{goal:>12}{reference:>34}")


def forms_of(tables: RuleTables) -> list[ProductForm]:
    """Build a form for each category in each language, with some of everything that rows ask about."""
    keys = {
        column: [value.key for value in tables.values(column)] for column in ("colour", "material", "style")
    }
    found = []
    for number, value in enumerate(tables.values("category")):
        for locale in Locale:
            fields = {
                "sku": f"BENCH-{number}-{locale}",
                "title": "Bench",
                "category": value.key,
                "colour": keys["colour"][number % len(keys["colour"])],
                "material": keys["material"][number % len(keys["material"])] if number % 2 else None,
                "background": "wood" if number % 3 == 0 else None,
                "styles": keys["style"][number % 5 : number % 5 + 2],
                "must_not": ("no text",) if number % 4 == 0 else (),
                "shots": SHOTS,
                "channels": ("taobao", "amazon"),
                "locale": locale,
            }
            found.append(ProductForm.model_validate(fields))
    return found


def per_second(forms: Sequence[ProductForm], tables: RuleTables, rounds: int) -> float:
    """Return shots compiled per second of CPU, after a first pass that fills what the tables remember."""

    def every_shot() -> None:
        for form in forms:
            for shot in SHOTS:
                compile_prompt(form, shot, tables)

    every_shot()
    return len(forms) * len(SHOTS) / best(every_shot, rounds)


def best(work: Callable[[], object], rounds: int) -> float:
    """Return the least CPU seconds that `work` took."""
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds)


def read_only() -> None:
    """Read the tables' files as cells and do nothing with them."""
    for path in default_tables_folder().glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            list(csv.reader(stream))


def grown_to(tables: RuleTables, rows: int) -> RuleTables:
    """Copy rows under new departments, categories and values until there are at least `rows`."""
    own = [rule for rule in tables.rules if _can_be_copied(rule)]
    grown, copy = list(tables.rules), 0
    while len(grown) < rows:
        copy += 1
        grown += [_copied(rule, copy) for rule in own]
    return RuleTables(rules=tuple(grown))


def _can_be_copied(rule: Rule) -> bool:
    if rule.slot is Slot.SUBJECT:
        return rule.department != "practice"
    if rule.slot in _VALUES:
        return "department" not in rule.when
    named = rule.named("department")
    return rule.slot is not Slot.COPY and bool(named) and "practice" not in named


def _copied(rule: Rule, copy: int) -> Rule:
    renamed = {"department", "category", SLOT_COLUMNS.get(rule.slot, "")} - {"background", "shot"}
    when = {
        column: tuple(f"{key}_{copy}" if key != NOTHING else key for key in keys)
        if column in renamed
        else keys
        for column, keys in rule.when.items()
    }
    changed = {
        "id": f"{rule.id}_{copy}",
        "when": when,
        "zh": f"{rule.zh}{copy}",
        "en": f"{rule.en} {copy}",
        **{name: tuple(f"{word} {copy}" for word in getattr(rule, name)) for name in _NAMES},
    }
    if rule.slot in {Slot.SUBJECT, Slot.COLOUR} and rule.claim:
        changed["claim"] = rule.claim.model_copy(update={"value": f"{rule.claim.value}_{copy}"})
    if rule.slot is Slot.SUBJECT:
        changed["department"] = f"{rule.department}_{copy}"
    return rule.model_copy(update=changed)


if __name__ == "__main__":
    main()
