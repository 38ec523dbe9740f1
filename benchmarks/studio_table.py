"""The benchmark's figures of both databases side by side, as a page of the documentation."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GOAL_MS = 150.0


@dataclass(frozen=True)
class Timed:
    """What a page took, in ms, and how often the database was asked; `cpu` is ms of processor time."""

    status: int
    milliseconds: tuple[float, ...]
    statements: int
    cpu: float
    first: float

    @property
    def p50(self) -> float:
        """The time that half of the requests stayed within."""
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        """The time that 95 % of the requests stayed within."""
        return statistics.quantiles(self.milliseconds, n=20, method="inclusive")[-1]

    @property
    def answered(self) -> bool:
        """Whether there was a page."""
        return self.status < 400

    @property
    def missed(self) -> bool:
        """Whether it took longer than is wanted."""
        return self.answered and self.p95 > GOAL_MS


@dataclass(frozen=True)
class Report:
    """The pages of one database with so many shots; `load` is the machine's before and after."""

    database: str
    shots: int
    load: tuple[float, float]
    pages: Mapping[str, Timed]

    @property
    def over(self) -> list[str]:
        """The pages that took longer than is wanted."""
        return [name for name, told in self.pages.items() if told.missed]


def figures_page(where: str, times: int, reports: Sequence[Report]) -> str:
    """Write the page; `where` is the machine and the date, `times` the requests of each page."""
    names = ", ".join(f"{one.database} with {one.shots:,} shots" for one in reports)
    head = " | ".join(f"{one.database} p50 | p95 | max | cpu | statements" for one in reports)
    lines = [
        "# Figures of Studio",
        "",
        "Written by `python -m benchmarks.studio --markdown docs/studio-figures.md`; its first lines say how",
        "it measures. Four fifths of the shots are of one campaign, all the rest of which is in one full",
        f"inspection. {names}; {times} requests of each page, one at a time, in milliseconds; `cpu` is",
        "processor time for one request, of the server, the asker and the database together.",
        "",
        f"{where}.",
        *(
            f"Load of the machine, which others used as well: {one.load[0]:.1f} before and {one.load[1]:.1f} "
            f"after {one.database}."
            for one in reports
        ),
        "",
        f"The goal is a p95 under {GOAL_MS:.0f} ms on 2 cores.",
        *(_verdict(one) for one in reports),
        "",
        f"| page | {head} |",
        "|---|" + "---:|" * 5 * len(reports),
    ]
    pages = list(dict.fromkeys(name for one in reports for name in one.pages))
    lines += [f"| {name} | {' | '.join(_cells(one.pages.get(name)) for one in reports)} |" for name in pages]
    return "\n".join(lines) + "\n"


def _verdict(report: Report) -> str:
    said = f"missed by {len(report.over)} of {len(report.pages)} pages: {', '.join(report.over)}"
    return f"{report.database}: {said if report.over else f'met by all {len(report.pages)} pages'}."


def _cells(told: Timed | None) -> str:
    if told is None or not told.answered:
        return f"{'not asked' if told is None else f'answered {told.status}'} | | | |"
    bold = "**" if told.missed else ""
    return (
        f"{told.p50:.0f} | {bold}{told.p95:.0f}{bold} | {max(told.milliseconds):.0f} | {told.cpu:.0f} "
        f"| {told.statements}"
    )
