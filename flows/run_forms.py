"""The forms that Prefect's pages show for starting a run: our words, and the values that the tables know."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from flows.services import Records
from prompt_rules.form_schema import form_schema
from schemas import ProductForm

PARAMETERS = {
    "campaign": (
        "Campaign 活动",
        "The name that the pictures are kept under; letters, digits, -, _ and dots. 图片归属的活动名。",
    ),
    "form": ("Product 商品", "What the pictures are of, and which are wanted. 商品信息与所需图片。"),
    "name": (
        "Name 名称",
        "What the alarm is about; told once an hour. 警报名称，每小时最多一次。",
    ),
    "sentence": ("Sentence 内容", "What receivers read. 接收方看到的内容。"),
    "sampling": (
        "Sampling 抽样",
        "simple: one in twenty; iso2859: by ISO 2859-1; and all that wait for review. 抽样方式，另加待审图。",
    ),
    "workspace": (
        "Workspace 工作区",
        "The folder with the records; leave it as it is. 存放记录的文件夹，请勿修改。",
    ),
}
"""Title and help of each parameter of our flows; a test walks them."""


def run_form(schema: Mapping[str, Any], records: Records) -> dict[str, Any]:
    """Return a flow's parameter schema in the words of staff.

    Fields whose values are keys of the rule tables become lists to choose from, and their help says what each
    key is called in English and Chinese. Values that come into force later are unknown to the form until it
    is registered again.
    """
    worded = deepcopy(dict(schema))
    for name, field in worded["properties"].items():
        title, told = PARAMETERS[name]
        field.update(title=title, description=told)
    product = worded.get("definitions", {}).get(ProductForm.__name__)
    if product is not None:
        offered = {shot for spec in records.recipes.specs for shot in spec.shots}
        known = form_schema(records.tables, sorted(records.recipes.channels), offered)["properties"]
        product["description"] = PARAMETERS["form"][1]
        for name, field in product["properties"].items():
            _offer(field, known[name].get("x-values", ()))
    return worded


def _offer(field: dict[str, Any], values: tuple[dict[str, str], ...]) -> None:
    """Let a field choose among values, wherever its schema names a string."""
    if not values:
        return
    choices = {"type": "string", "enum": [value["key"] for value in values]}
    if field.get("type") == "array":
        field["items"] = choices
    elif "anyOf" in field:
        field["anyOf"] = [choices if each.get("type") == "string" else each for each in field["anyOf"]]
    else:
        for constraint in ("pattern", "maxLength"):
            field.pop(constraint, None)
        field.update(choices)
    names = "; ".join(dict.fromkeys(_said(value) for value in values))
    field["description"] = f"{field['description']} {names}."


def _said(value: dict[str, str]) -> str:
    others = [value[language] for language in ("en", "zh") if value.get(language)]
    fresh = [name for name in dict.fromkeys(others) if name.replace(" ", "_") != value["key"]]
    return f"{value['key']} {' '.join(fresh)}".strip()
