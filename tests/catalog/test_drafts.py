"""Drafts are a person's own, templates are for everybody."""

import pytest

from catalog import Catalog, DraftKind, NotRegistered, RecordRefused, drafts


def test_a_draft_is_kept_changed_and_deleted(catalog: Catalog) -> None:
    catalog.keep_draft("d1", "ann", "MUG", {"sku": "MUG"})
    catalog.keep_draft("d1", "ann", "MUG-1", {"sku": "MUG-1", "category": "mug"})
    (draft,) = catalog.drafts("ann")
    assert (draft.name, draft.fields["sku"], draft.category) == ("MUG-1", "MUG-1", "mug")
    assert catalog.draft("d1", "ann") == draft
    catalog.drop_draft("d1", "ann")
    catalog.drop_draft("d1", "ann")
    assert catalog.drafts("ann") == ()


def test_nobody_reads_changes_or_deletes_anothers_draft(catalog: Catalog) -> None:
    catalog.keep_draft("d1", "ann", "MUG", {"sku": "MUG"})
    with pytest.raises(NotRegistered):
        catalog.draft("d1", "bob")
    with pytest.raises(NotRegistered):
        catalog.keep_draft("d1", "bob", "mine", {})
    catalog.drop_draft("d1", "bob", every=True)
    assert [draft.owner for draft in catalog.drafts("ann")] == ["ann"]
    assert catalog.drafts("bob") == ()


def test_the_latest_draft_comes_first(catalog: Catalog) -> None:
    for name in ("d1", "d2", "d1"):
        catalog.keep_draft(name, "ann", name, {})
    assert [draft.id for draft in catalog.drafts("ann")] == ["d1", "d2"]


def test_a_template_is_everybodys_and_its_name_stands_once(catalog: Catalog) -> None:
    catalog.keep_template("ann", "plain", "mug", {"shots": ["scene"]})
    catalog.keep_template("bob", "plain", "mug", {"shots": ["detail"]})
    catalog.keep_template("bob", "plain", "dress", {})
    found = catalog.templates()
    assert [(one.category, one.owner, one.kind) for one in found] == [
        ("dress", "bob", DraftKind.TEMPLATE),
        ("mug", "bob", DraftKind.TEMPLATE),
    ]
    assert catalog.draft(found[1].id, "cy").fields == {"shots": ["detail"]}


def test_a_template_is_deleted_by_its_owner_or_by_who_may_delete_every_one(catalog: Catalog) -> None:
    template = catalog.keep_template("ann", "plain", "mug", {})
    catalog.drop_draft(template.id, "bob")
    assert catalog.templates() == (template,)
    catalog.drop_draft(template.id, "bob", every=True)
    assert catalog.templates() == ()


def test_the_number_of_drafts_is_bounded(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST", 1)
    catalog.keep_draft("d1", "ann", "", {})
    catalog.keep_draft("d1", "ann", "", {"sku": "A"})
    catalog.keep_draft("d2", "bob", "", {})
    with pytest.raises(RecordRefused, match="delete some"):
        catalog.keep_draft("d3", "ann", "", {})
