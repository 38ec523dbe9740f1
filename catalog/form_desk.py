"""The catalog's desk for those who fill in forms: forms, drafts, templates, and what became of them."""

from collections.abc import Mapping
from typing import Any

from catalog import drafts, products, rates
from catalog.drafts import Draft
from catalog.opened import Opened
from catalog.products import ProductShot
from schemas import ProductForm
from schemas.estimates import Measured


class FormDesk(Opened):
    """Helps to fill a form in, and tells what comes of it."""

    def measured(self) -> Measured:
        """Tell what the newest shots took, for estimates; all zero while nothing was made."""
        with self._database.reading() as session:
            return rates.measured(session)

    def newest_form(self, sku: str) -> ProductForm:
        """Return the form that was registered last for a SKU; raises NotRegistered."""
        with self._database.reading() as session:
            return products.newest_form(session, sku)

    def skus_from(self, start: str, most: int = 10) -> tuple[str, ...]:
        """List known SKUs that begin with `start`, in their order."""
        with self._database.reading() as session:
            return products.skus_from(session, start, most)

    def open_campaigns(self, most: int = 20) -> tuple[str, ...]:
        """Name the newest campaigns that still take forms."""
        with self._database.reading() as session:
            return products.open_campaigns(session, most)

    def product_form(self, campaign: str, sku: str) -> ProductForm:
        """Return the form of a product that came to the campaign last; raises NotRegistered."""
        with self._database.reading() as session:
            return products.product_form(session, campaign, sku)

    def product_shots(self, campaign: str, sku: str) -> tuple[ProductShot, ...]:
        """List how the shots of one product stand, those of its latest form last; raises NotRegistered."""
        with self._database.reading() as session:
            return products.product_shots(session, campaign, sku)

    def keep_draft(self, draft_id: str, owner: str, name: str, fields: Mapping[str, Any]) -> Draft:
        """Keep a draft under an id of the caller's choice, in place of what it held.

        Raises NotRegistered when the id is somebody else's, RecordRefused when the owner has too many.
        """
        with self._database.writing() as session:
            return drafts.keep(session, draft_id, owner, name, fields)

    def keep_template(self, owner: str, name: str, category: str, fields: Mapping[str, Any]) -> Draft:
        """Keep a template in place of the one of this name and category; raises RecordRefused."""
        with self._database.writing() as session:
            return drafts.keep_template(session, owner, name, category, fields)

    def drafts(self, owner: str) -> tuple[Draft, ...]:
        """List a person's drafts, the latest first."""
        with self._database.reading() as session:
            return drafts.drafts_of(session, owner)

    def templates(self) -> tuple[Draft, ...]:
        """List all templates by category and name."""
        with self._database.reading() as session:
            return drafts.templates(session)

    def draft(self, draft_id: str, reader: str) -> Draft:
        """Return a template, or a draft of the reader's own; raises NotRegistered for another."""
        with self._database.reading() as session:
            return drafts.opened(session, draft_id, reader)

    def drop_draft(self, draft_id: str, by: str, *, every: bool = False) -> None:
        """Delete a draft or template of one's own, with `every` anybody's template; again is a no-op."""
        with self._database.writing() as session:
            drafts.drop(session, draft_id, by, every=every)
