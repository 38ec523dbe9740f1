"""The JSON Schema of product forms with the values that the tables know, for whoever shows a form. Pure."""

from collections.abc import Collection
from typing import Any

from prompt_rules.tables import RuleTables
from prompt_rules.vocabulary import TABLE_COLUMNS
from schemas import ProductForm, ShotType


def form_schema(
    tables: RuleTables, channels: Collection[str] = (), shots: Collection[ShotType] = tuple(ShotType)
) -> dict[str, Any]:
    """Return ProductForm's JSON Schema with `x-values`: each value's key and its names in en and zh.

    `channels` and `shots` are those on offer.
    """
    schema = ProductForm.model_json_schema()
    offered = {shot.value for shot in shots}
    columns = {field: column for field, (column, _) in TABLE_COLUMNS.items()}
    for field, column in {**columns, "shots": "shot"}.items():
        schema["properties"][field]["x-values"] = [
            {"key": value.key, "en": value.en, "zh": value.zh}
            for value in tables.values(column)
            if column != "shot" or value.key in offered
        ]
    if channels:
        schema["properties"]["channels"]["x-values"] = [{"key": key} for key in channels]
    return schema
