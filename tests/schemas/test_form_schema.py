"""The form's JSON Schema is stored, so that a change to the form is seen in review, and says all in both languages."""

import json
from pathlib import Path

from schemas import ProductForm
from schemas.form_titles import FIELD_TEXTS

STORED = Path(__file__).parents[2] / "docs" / "schemas" / "product_form.json"


def test_the_stored_schema_is_the_forms() -> None:
    assert json.loads(STORED.read_text(encoding="utf-8")) == ProductForm.model_json_schema()


def test_every_field_has_a_title_and_help_in_both_languages() -> None:
    assert FIELD_TEXTS.keys() == ProductForm.model_fields.keys()
    for name, field in ProductForm.model_json_schema()["properties"].items():
        assert field["title"] == f"{field['x-title']['en']} {field['x-title']['zh']}", name
        assert all(field["x-help"][language] for language in ("en", "zh"))
