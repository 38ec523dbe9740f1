"""What a flow works with, and the one place where a flow process opens and finds it.

A Prefect run is given a workspace (a folder), never objects: `opened` builds the services for it from the
environment, or uses those that the process has lent already, as the command line and the tests do.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from catalog import Catalog, store_at
from flows.outcomes import ShotOutcome
from prompt_rules import RuleTables, tables_in_force
from schemas import Preset, RenderJob, RenderResult, Settings, SettingsInvalid, Variant, settings_from
from schemas.settings import NANO, CostSettings, FlowSettings
from schemas.step_log import log_steps
from schemas.tracing import ENDPOINT, start_tracing
from zimage_core.client import client_of
from zimage_core.judging import GatePolicy, default_policy, load_policy
from zimage_core.presets import presets, profile_of
from zimage_core.renditions import (
    NANO_REACH,
    Z_IMAGE_REACH,
    Imprint,
    Reach,
    RecipeTable,
    imprint_from,
    recipes_at,
    require_cutout,
)


class Core(Protocol):
    """Whoever makes a picture of a job: the HTTP client, or a fake."""

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture with its scores, or raise a RenderError."""
        ...


@dataclass(frozen=True)
class Records:
    """The half of the services that needs no core: records, rules, recipes, and where exports go."""

    catalog: Catalog
    tables: RuleTables
    recipes: RecipeTable
    exports: Path
    imprint: Imprint
    cutout: bool = False
    """Whether a network finds the product in scenes."""


@dataclass(frozen=True)
class Services:
    """Everything that the line needs to satisfy a shot."""

    records: Records
    core: Core
    policy: GatePolicy
    presets: Mapping[Variant, Preset]
    limits: FlowSettings
    costs: CostSettings
    reach: Reach
    """The sizes that the model does well."""
    tell: Callable[[ShotOutcome], None]
    """Called from worker threads with each shot's outcome as soon as it is known."""


@contextmanager
def open_records(settings: Settings, workspace: Path) -> Iterator[Records]:
    """Open the catalog and asset store of `workspace`, creating what is missing; close them at the end."""
    store = store_at(settings.catalog.store or workspace / "assets")
    catalog = Catalog.open(
        settings.catalog.address() or f"sqlite:///{workspace / 'catalog.sqlite'}",
        store,
    )
    try:
        tables = tables_in_force(settings.rules.tables, catalog.activated_tables())
        # Whoever compiles with these tables leaves their text, so that each prompt can be made again.
        catalog.keep_tables(tables.fingerprint, tables.text)
        if settings.recipes.cutout:
            require_cutout()
        recipes, imprint = recipes_at(settings.recipes.table), imprint_from(settings)
        yield Records(
            catalog=catalog,
            tables=tables,
            recipes=recipes.with_kit(imprint.kit.fingerprint) if imprint.kit else recipes,
            exports=workspace / "renditions",
            imprint=imprint,
            cutout=settings.recipes.cutout,
        )
    finally:
        catalog.close()


def services_with(
    settings: Settings, records: Records, core: Core, tell: Callable[[ShotOutcome], None] = lambda _: None
) -> Services:
    """Join records and a core with the policy, presets and limits that the settings name."""
    return Services(
        records=records,
        core=core,
        policy=load_policy(settings.flows.policy) if settings.flows.policy else default_policy(),
        presets=presets(profile_of(settings.core)),
        reach=reach_of(settings),
        limits=settings.flows,
        costs=settings.costs,
        tell=tell,
    )


def reach_of(settings: Settings) -> Reach:
    """Return the sizes that the model behind the settings does well, within the setting's longest side."""
    if profile_of(settings.core) == NANO:
        return NANO_REACH
    return replace(Z_IMAGE_REACH, most=settings.recipes.largest_side)


_LENT: dict[str, Services] = {}


@contextmanager
def lent(workspace: str, services: Services) -> Iterator[None]:
    """Let flows in this process use `services` for `workspace` while the block lasts."""
    _LENT[workspace] = services
    try:
        yield
    finally:
        del _LENT[workspace]


@contextmanager
def opened(workspace: str) -> Iterator[Services]:
    """Yield the services of `workspace`: those lent to it, or new ones built from the environment."""
    if workspace in _LENT:
        yield _LENT[workspace]
        return
    settings = _our_settings()
    if settings.core.url is None:
        raise SettingsInvalid("A flow needs a running core: set PACKSHOT_CORE__URL to its address.")
    with (
        open_records(settings, Path(workspace)) as records,
        client_of(settings, settings.core.url) as core,
    ):
        services = services_with(settings, records, core)
        with lent(workspace, services):
            yield services


@contextmanager
def opened_records(workspace: str) -> Iterator[tuple[Records, Settings]]:
    """Yield the records of `workspace`, for flows that need no core, and the settings they were opened by."""
    settings = _our_settings()
    if workspace in _LENT:
        yield _LENT[workspace].records, settings
        return
    with open_records(settings, Path(workspace)) as records:
        yield records, settings


def _our_settings() -> Settings:
    settings = settings_from(dict(os.environ))
    if settings.logs.steps == "json":
        log_steps("flows")
    if os.environ.get(ENDPOINT):
        start_tracing("flows")
    return settings
