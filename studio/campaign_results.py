"""What came of a campaign, to take away: a sheet of all shots, and the files of each channel."""

import csv
from collections.abc import Iterator
from io import StringIO

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from catalog import Result
from schemas import Role
from studio.campaign_sheets import KINDS, sample_sheet
from studio.channel_zip import channel_zip
from studio.desk import Desk
from studio.errors import TooManyRows
from studio.language import Words
from studio.pages import words_of
from studio.sheets import as_xlsx, harmless
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
OPERATOR = Depends(Allow(Role.OPERATOR))

AT_ONCE = 500
"""Shots read at a time."""

MOST_IN_WORKBOOK = 10_000
"""A workbook is built in memory; longer results come as CSV."""

COLUMNS = ("sku", "title", "shot", "state", "score", "attempts", "variant", "files")


@router.get("/campaigns/sample.csv")
def sample(request: Request, _: Visitor = OPERATOR) -> Response:
    """Give a sheet to begin with, in the visitor's language."""
    return _attached(Response(sample_sheet(words_of(request)), media_type=KINDS[".csv"][0]), "sample.csv")


@router.get("/campaigns/{name}/results.csv")
def results_sheet(request: Request, name: str, _: Visitor = OPERATOR) -> Response:
    """Give the results as CSV for people: states and shot types in words."""
    desk: Desk = request.app.state.desk
    desk.catalog.campaign(name)
    lines = result_lines(desk, name, words_of(request))
    return _attached(StreamingResponse(lines, media_type=KINDS[".csv"][0]), f"{name}-results.csv")


@router.get("/campaigns/{name}/results.xlsx")
def results_workbook(request: Request, name: str, _: Visitor = OPERATOR) -> Response:
    """Give the results as a workbook."""
    desk: Desk = request.app.state.desk
    words = words_of(request)
    if desk.catalog.campaign_figures(name).shots > MOST_IN_WORKBOOK:
        raise TooManyRows
    rows = [_row(one, words) for one in all_results(desk, name)]
    data = as_xlsx([words(f"result.{column}") for column in COLUMNS], rows)
    return _attached(Response(data, media_type=KINDS[".xlsx"][0]), f"{name}-results.xlsx")


@router.get("/campaigns/{name}/{channel}.zip")
def channel_archive(request: Request, name: str, channel: str, _: Visitor = OPERATOR) -> Response:
    """Give the files of one channel."""
    desk: Desk = request.app.state.desk
    return archive_answer(desk, name, channel)


def archive_answer(desk: Desk, name: str, channel: str) -> Response:
    """Return the archive of a campaign's files for a channel, sent while it is made."""
    pieces = channel_zip(desk, name, channel)
    return _attached(StreamingResponse(pieces, media_type="application/zip"), f"{name}-{channel}.zip")


def all_results(desk: Desk, campaign: str) -> Iterator[Result]:
    """Yield every shot's result in the order of registration."""
    after = -1
    while some := desk.catalog.results(campaign, after, AT_ONCE):
        yield from some
        after = some[-1].position


def result_lines(desk: Desk, campaign: str, words: Words | None) -> Iterator[bytes]:
    """Yield the results as CSV; with `words` for people, without them by keys for programs."""
    yield "\ufeff".encode()
    yield _line([words(f"result.{column}") if words else column for column in COLUMNS])
    for one in all_results(desk, campaign):
        yield _line([harmless(cell) for cell in _row(one, words)])


def _row(one: Result, words: Words | None) -> list[object]:
    return [
        one.sku,
        one.title,
        words.of("shot", one.shot_type) if words else one.shot_type.value,
        words.of("shot_state", one.state) if words else one.state.value,
        "" if one.score is None else round(one.score, 4),
        one.attempts,
        (one.variant or "") if words is None else words.of("variant", one.variant or ""),
        " | ".join(one.files),
    ]


def _line(cells: list[object]) -> bytes:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _attached(answer: Response, name: str) -> Response:
    answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer
