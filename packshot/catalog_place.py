"""Where a command's catalog is: the configured one, or the one in the output folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas import Settings, SettingsInvalid

if TYPE_CHECKING:
    from catalog import Catalog

FILE = "sqlite:///"


@dataclass(frozen=True)
class CatalogPlace:
    """The address of a catalog's database and of its store, and the folder of the channels' files."""

    url: str
    store: str
    exports: Path

    @property
    def exists(self) -> bool:
        """Whether there is a catalog; one on a server is taken to be there."""
        return not self.url.startswith(FILE) or Path(self.url.removeprefix(FILE)).is_file()

    def require(self) -> None:
        """Raise SettingsInvalid when there is no catalog here, rather than making an empty one."""
        if not self.exists:
            file = self.url.removeprefix(FILE)
            raise SettingsInvalid(f"There is no catalog at {file}; name its folder with --out.")

    @contextmanager
    def opened(self) -> Iterator["Catalog"]:
        """Open the catalog that is there."""
        from catalog import Catalog, store_at

        self.require()
        with Catalog.open(self.url, store_at(self.store)) as catalog:
            yield catalog


def catalog_place(settings: Settings, out: Path) -> CatalogPlace:
    """Say where the catalog is that `packshot run --out` uses under these settings."""
    return CatalogPlace(
        url=settings.catalog.address() or f"sqlite:///{out / 'catalog.sqlite'}",
        store=settings.catalog.store or str(out / "assets"),
        exports=out / "renditions",
    )
