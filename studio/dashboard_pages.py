"""The dashboard: how the line does, drawn anew while somebody watches."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from studio.campaign_words import duration
from studio.dashboard import Dashboard, Span
from studio.desk import Desk
from studio.pages import is_fragment, page, words_of
from studio.plots import MARGIN, SQUARE, across, bar_plot, dots, strip, up
from studio.rule_lists import ValueNames
from studio.visitors import Allow, Visitor

router = APIRouter()
api = APIRouter(tags=["dashboard"])
ANY_USER = Depends(Allow())
Range = Annotated[Span, Query(alias="range", description="How far back to look.")]


@router.get("/")
def show(request: Request, _: Visitor = ANY_USER, span: Range = Span.DAY) -> Response:
    """Show the dashboard, or its numbers alone for a page that is open already."""
    desk: Desk = request.app.state.desk
    told = desk.dashboards.read(span)
    words = words_of(request)
    template = "dashboard_numbers.html.j2" if is_fragment(request) else "dashboard.html.j2"
    return page(
        request,
        template,
        told=told,
        waited=duration(words, (told.at - told.oldest).total_seconds()) if told.oldest else "",
        spans=tuple(Span),
        plot=bar_plot(told.made, span),
        dots=dots(told.bins),
        strip=strip,
        across=across,
        up=up,
        square=SQUARE,
        margin=MARGIN,
        names=ValueNames(desk.tables, words.locale),
    )


@api.get("/api/dashboard")
def numbers(request: Request, _: Visitor = ANY_USER, span: Range = Span.DAY) -> Dashboard:
    """Tell what the dashboard shows; at most a few seconds old."""
    desk: Desk = request.app.state.desk
    return desk.dashboards.read(span)
