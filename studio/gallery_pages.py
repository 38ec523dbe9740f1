"""The gallery: all shots, narrowed by what the address says, sixty to a page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from catalog import Choices, NotRegistered, ShotPage, ShotSort, ShotState
from schemas import Role, ShotType, Variant
from studio.desk import Desk
from studio.gallery_queries import GalleryQuery, query_of
from studio.language import Words
from studio.pages import is_fragment, page, words_of
from studio.reason_words import reason_name
from studio.rule_lists import ValueNames
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
USUAL = frozenset({"search", "campaign", "state", "category"})
"""Filters that are always in sight; the others are folded away until one is set."""

ANY_USER = Depends(Allow(Role.OPERATOR, Role.REVIEWER))
Place = Annotated[str, Query(max_length=100, pattern=r"^[a-z0-9_]*$")]


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the address of the list without it."""

    name: str
    text: str
    address: str


@dataclass(frozen=True)
class Chosen:
    """One filter with a list of values: name, label, and the values in words."""

    name: str
    options: tuple[tuple[str, str], ...]


class GalleryNames:
    """What values are called in the reader's language."""

    def __init__(self, words: Words, values: ValueNames) -> None:
        """Name values by the words of the pages and the names in the rule tables."""
        self.words, self._values = words, values

    def category(self, key: str) -> str:
        """Name a category."""
        return self._values.name("category", key)

    def reason(self, key: str) -> str:
        """Name a reason."""
        return reason_name(self.words, key)

    def claim(self, kind: str, value: str) -> str:
        """Name a value of a claim, such as a colour or a view."""
        if kind == "shot":
            return self.words.of("shot", value)
        own = self.words.of("claim_value", value)
        return self._values.name(kind, value) if own == value else own

    def of(self, name: str, value: str) -> str:
        """Name a value of a filter."""
        sections = {"channel": "channel", "state": "shot_state", "shot_type": "shot", "variant": "model"}
        if name in sections:
            return self.words.of(sections[name], value)
        if name == "category":
            return self.category(value)
        if name == "reason":
            return self.reason(value)
        return value[-8:] if name == "rules" else value


def names_for(request: Request) -> GalleryNames:
    """Return the names in the visitor's language, with the rule tables in force."""
    desk: Desk = request.app.state.desk
    words = words_of(request)
    return GalleryNames(words, ValueNames(desk.tables, words.locale))


@router.get("/gallery")
def gallery(request: Request, _: Visitor = ANY_USER, after: Place = "", before: Place = "") -> Response:
    """Show a page of shots; for htmx only the list, whose plain address it then shows."""
    desk: Desk = request.app.state.desk
    asked = query_of(request.query_params)
    names = names_for(request)
    parts = is_fragment(request) and request.headers.get("hx-history-restore-request") != "true"
    told: dict[str, Any] = {
        "found": _found(desk, asked, after, before),
        "asked": asked,
        "chips": tuple(chips(asked, names)),
        "names": names,
    }
    if parts:
        answer = page(request, "gallery_grid.html.j2", **told)
        answer.headers["hx-push-url"] = asked.address()
        answer.headers["cache-control"] = "no-store"
        return answer
    choices = desk.catalog.shot_choices()
    return page(
        request,
        "gallery.html.j2",
        **told,
        lists=lists(choices, names),
        campaigns=choices.campaigns,
        narrow=bool(asked.given.keys() - USUAL),
        sorts=tuple(ShotSort),
    )


def chips(asked: GalleryQuery, names: GalleryNames) -> Iterator[Chip]:
    """List the filters that are set, each with the address without it."""
    for name, value in asked.given.items():
        text = f"{names.words(f'gallery.{name}')}: {names.of(name, value)}"
        yield Chip(name, text, asked.without(name).address())


def lists(choices: Choices, names: GalleryNames) -> Mapping[str, Chosen]:
    """Return the filters that are chosen from a list, by name."""
    values: dict[str, tuple[str, ...]] = {
        "state": tuple(ShotState),
        "category": choices.categories,
        "channel": choices.channels,
        "shot_type": tuple(ShotType),
        "variant": tuple(Variant),
        "reason": choices.reasons,
        "reviewer": choices.reviewers,
        "rules": choices.rules,
    }
    return {
        name: Chosen(name, tuple((value, names.of(name, value)) for value in known))
        for name, known in values.items()
    }


def _found(desk: Desk, asked: GalleryQuery, after: str, before: str) -> ShotPage:
    """Find the page; from the beginning when the shot to go on from is gone."""
    try:
        return desk.catalog.find_shots(asked.wanted, asked.sort, after=after or None, before=before or None)
    except NotRegistered:
        return desk.catalog.find_shots(asked.wanted, asked.sort)
