"""Watching a product: how its shots stand now, and one look at the catalog for all who follow it."""

from typing import NamedTuple

from fastapi import Request

from studio.desk import Desk
from studio.progress import ProductProgress, may_be_at_work, progress_of
from studio.watching import Watch


class Product(NamedTuple):
    """A product in a campaign."""

    campaign: str
    sku: str


ProductWatch = Watch[Product, ProductProgress]


def product_progress(desk: Desk, product: Product) -> ProductProgress:
    """Tell how the shots of a product's latest form stand; raises NotRegistered."""
    form = desk.catalog.product_form(*product)
    shots = desk.catalog.product_shots(*product)
    at_work = may_be_at_work(shots) and desk.nudge.at_work(*product)
    return progress_of(shots, form, desk.policy, desk.recipes, at_work=at_work)


def watch_of(request: Request) -> ProductWatch:
    """Return the application's watch over products, begun by the first who follows one."""
    state = request.app.state
    if not hasattr(state, "product_watch"):
        desk: Desk = state.desk
        state.product_watch = Watch(lambda product: product_progress(desk, product), _is_final)
    watch: ProductWatch = state.product_watch
    return watch


def _is_final(progress: ProductProgress) -> bool:
    return progress.final
