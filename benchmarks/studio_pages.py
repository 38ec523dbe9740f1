"""The pages of the studio with an address of each in the benchmark's catalog, and which page has none."""

from urllib.parse import quote, urlsplit

from fastapi.routing import APIRoute

from benchmarks.studio_catalog import CAMPAIGNS
from catalog import Catalog, ShotCard, ShotFilter, ShotSort, ShotState
from studio.app import ROUTERS

LARGE, SMALL = CAMPAIGNS[0], CAMPAIGNS[2]

LEFT_OUT = {
    "/forms/{campaign}/{sku}/events": "an endless stream",
    "/api/forms/{campaign}/{sku}/events": "an endless stream",
    "/api/campaigns/{name}/events": "an endless stream",
    "/campaigns/{name}/results.csv": "a file, streamed",
    "/campaigns/{name}/results.xlsx": "a file",
    "/api/campaigns/{name}/results.csv": "a file, streamed",
    "/campaigns/{name}/{channel}.zip": "a file, streamed",
    "/api/export/{campaign}/{channel}.zip": "a file, streamed",
    "/api/renditions/{rendition_id}": "a file, which the benchmark's catalog has none of",
    "/rules/workbook.xlsx": "a file",
    "/campaigns/sheets/{sheet}/errors": "a file that somebody uploaded",
    "/schedules/{name}/delete": "asks once more; the benchmark's catalog has no schedule",
    "/rules/versions/diff": "needs a second version of the rules",
    "/sign-in": "with an open door it goes elsewhere",
    "/password": "with an open door it goes elsewhere",
}
"""Pages that are not asked for, and why."""


def addresses(catalog: Catalog) -> dict[str, str]:
    """Name the pages of all areas with an address of each; add a line for a new one."""
    first = catalog.find_shots(ShotFilter(campaign=LARGE, state=ShotState.ACCEPTED)).cards[0]
    return {
        **_overview(first),
        **_campaigns(),
        **_gallery(catalog, first),
        **_review(catalog),
        **_rules(),
        **_people(catalog),
    }


def missing(addresses: dict[str, str]) -> list[str]:
    """List the pages that no address is for, so that a new one is not forgotten."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    asked = {_route_of(routes, urlsplit(address).path) for address in addresses.values()}
    known = {route.path for route in routes if "GET" in route.methods}
    return sorted(known - asked - LEFT_OUT.keys())


def _route_of(routes: list[APIRoute], path: str) -> str:
    """Return the pattern that answers a path: the first that fits, as in the application."""
    fitting = (route.path for route in routes if "GET" in route.methods and route.path_regex.match(path))
    return next(fitting, "")


def _overview(first: ShotCard) -> dict[str, str]:
    return {
        "dashboard": "/",
        "dashboard, a week": "/?range=7d",
        "dashboard, a month": "/?range=30d",
        "new form": "/forms/new",
        "new form, filled": f"/forms/new?sku={first.sku}",
        "SKUs to copy from": "/forms/skus?sku=SKU-0001",
        "drafts": "/forms/drafts",
        "a form's live page": f"/forms/{first.campaign}/{first.sku}",
        "API: dashboard": "/api/dashboard",
        "API: a form": f"/api/forms/{first.campaign}/{first.sku}",
        "API: a form's schema": "/api/forms/schema",
        "API: description": "/openapi.json",
        "API: page about it": "/docs",
        "alive": "/healthz",
        "ready": "/readyz",
        "metrics": "/metrics",
    }


def _campaigns() -> dict[str, str]:
    return {
        "campaigns": "/campaigns",
        "campaigns, searched": "/campaigns?search=sale&state=running",
        "new campaign": "/campaigns/new",
        "sample sheet": "/campaigns/sample.csv",
        "the large campaign": f"/campaigns/{LARGE}",
        "its progress": f"/campaigns/{LARGE}/progress",
        "its run": f"/campaigns/{LARGE}/run",
        "cancelling it": f"/campaigns/{LARGE}/cancel",
        "two compared": f"/campaigns/{LARGE}/compare?other={SMALL}",
        "API: campaigns": "/api/campaigns",
        "API: large campaign": f"/api/campaigns/{LARGE}",
        "API: schedules": "/api/schedules",
    }


def _gallery(catalog: Catalog, first: ShotCard) -> dict[str, str]:
    deep = catalog.find_shots(ShotFilter(), ShotSort.OLDEST, size=200).cards[-1]
    large = f"?campaign={LARGE}&channel=ebay&state=accepted&search=mug&sort=sku"
    five = f"?campaign={SMALL}&channel=ebay&state=accepted&search=mug&sort=worst"
    return {
        "gallery": "/gallery",
        "gallery, far down": f"/gallery?after={deep.shot_id}",
        "gallery, large campaign": f"/gallery?campaign={LARGE}",
        "gallery, small campaign": f"/gallery?campaign={SMALL}",
        "gallery, in review": "/gallery?state=needs_review",
        "gallery, a channel": "/gallery?channel=ebay",
        "gallery, a reason": "/gallery?reason=claim.colour",
        "gallery, a reviewer": "/gallery?reviewer=rosa",
        "gallery, by SKU": "/gallery?sort=sku",
        "gallery, Base by score": "/gallery?variant=base&sort=best&score_to=0.9",
        "gallery, Base, low score": "/gallery?variant=base&sort=worst&score_from=0.3&score_to=0.7",
        "gallery, common word": "/gallery?search=mug",
        "gallery, common, by SKU": "/gallery?search=mug&sort=sku",
        "gallery, Chinese": f"/gallery?search={quote('花瓶')}",
        "gallery, rare SKU": "/gallery?search=0007-017",
        "gallery, five filters": f"/gallery{five}",
        "gallery, five in large": f"/gallery{large}",
        "gallery, nothing found": "/gallery?search=mug&channel=ebay&reason=claim.colour&variant=turbo",
        "a shot": f"/shots/{first.shot_id}?state=accepted",
        "a shot among many filters": f"/shots/{first.shot_id}{five}",
        "its files": f"/shots/{first.shot_id}/files",
        "a picture": f"/pictures/{first.picture}",
        "a thumbnail": f"/thumbnails/320/{first.picture}",
        "API: shots": "/api/shots",
        "API: shots, five filters": f"/api/shots{five}",
        "API: a shot": f"/api/shots/{first.shot_id}",
        "API: its picture": f"/api/shots/{first.shot_id}/attempts/{first.number}/picture",
    }


def _review(catalog: Catalog) -> dict[str, str]:
    rest, refused = (head.id for head in catalog.lot_heads(LARGE)[:2])
    return {
        "review": "/review",
        "review, an open lot": f"/review?campaign={CAMPAIGNS[1]}",
        "review, full inspection": f"/review?lot={rest}",
        "review, large campaign": f"/review?campaign={LARGE}",
        "review, small campaign": f"/review?campaign={SMALL}",
        "the next to review": f"/review/more?lot={rest}",
        "lots": "/lots",
        "lots of a campaign": f"/lots?campaign={LARGE}",
        "a lot": f"/lots/{refused}",
        "a full inspection": f"/lots/{rest}",
        "a full inspection, its end": f"/lots/{rest}?start={max(0, catalog.lot_head(rest).sample - 60)}",
        "API: lots": "/api/lots",
        "API: a full inspection": f"/api/lots/{rest}",
    }


def _rules() -> dict[str, str]:
    return {
        "rules": "/rules",
        "rules, most refused": "/rules?sort=refused&q=red",
        "a rule used everywhere": "/rules/claim.whole",
        "a rule used nowhere": "/rules/colour.purple",
        "rules, a trial": "/rules/try",
        "rules, versions": "/rules/versions",
        "API: rules": "/api/rules",
        "API: a rule": "/api/rules/claim.whole",
        "API: versions": "/api/rules/versions",
    }


def _people(catalog: Catalog) -> dict[str, str]:
    receiver = catalog.endpoints()[0].id
    return {
        "people": "/people",
        "keys": "/keys",
        "audit": "/audit",
        "audit of a person": "/audit?actor=rosa&action=review",
        "audit, some days": "/audit?since=2020-01-01&until=2099-01-01&action=accept",
        "webhooks": "/webhooks",
        "deliveries": "/deliveries",
        "deliveries, pending": f"/deliveries?endpoint={receiver}&state=pending",
        "API: people": "/api/users",
        "API: a person": "/api/users/person.01",
        "API: keys": "/api/keys",
        "API: audit": "/api/audit",
        "API: webhooks": "/api/webhooks",
        "API: a webhook": f"/api/webhooks/{receiver}",
        "API: deliveries": "/api/webhooks/deliveries",
    }
