"""What the fields of a product form are called and what help they get, in English and Chinese.

Whoever shows the form takes them from its JSON Schema, so that every page says the same.
"""

from typing import Any, NamedTuple


class FieldText(NamedTuple):
    """A field's title and help in both languages."""

    en: str
    zh: str
    help_en: str
    help_zh: str


FIELD_TEXTS = {
    "sku": FieldText(
        "SKU",
        "货号",
        "Stock keeping unit; letters, digits, -, _ and single dots, used in file names.",
        "商品货号，仅限字母、数字、-、_ 与单个点，会用于文件名。",
    ),
    "title": FieldText(
        "Title",
        "品名",
        "The product's name for people; it is not drawn.",
        "给人看的商品名称，不会画进图片。",
    ),
    "category": FieldText(
        "Category", "类目", "What the product is; one word of the tables.", "商品是什么，须为词表中的类目。"
    ),
    "colour": FieldText("Colour", "颜色", "The product's main colour.", "商品的主颜色。"),
    "material": FieldText(
        "Material", "材质", "What it is made of; leave empty when it does not show.", "材质，看不出来可留空。"
    ),
    "styles": FieldText(
        "Styles",
        "风格标签",
        "Moods such as premium or fresh; the tables turn them into light, colour and space.",
        "如高级感、清新，规则表会把它们翻译成光线、配色与留白。",
    ),
    "selling_points": FieldText(
        "Selling points", "卖点", "Three to five, the strongest first.", "三到五条，最强的排在最前。"
    ),
    "copy_text": FieldText(
        "Copy",
        "文案",
        "Exact words for the picture, set by code and checked against advertising law first.",
        "要印在图上的准确文字，由程序排版，生成前先做广告法检查。",
    ),
    "background": FieldText("Background", "背景", "The place or surface for scenes.", "场景图的地点或台面。"),
    "shots": FieldText("Shots", "图型", "Which views are wanted.", "需要哪些图。"),
    "channels": FieldText(
        "Channels", "投放渠道", "Where the pictures go; sizes follow from it.", "图片投放到哪里，决定尺寸。"
    ),
    "must_have": FieldText(
        "Must have", "必含", "What has to be seen, in plain words.", "画面里必须出现的内容，用平常话写。"
    ),
    "must_not": FieldText(
        "Must not",
        "禁止",
        "What may not be seen; known wishes become what is there instead.",
        "画面里不能出现的内容，常见要求会改写成画面里有什么。",
    ),
    "locale": FieldText(
        "Language", "语言", "The language of the form and its prompt.", "表单与提示词的语言。"
    ),
    "season": FieldText("Season", "季节", "A season or festival for scenes.", "场景图的季节或节日。"),
    "audience": FieldText(
        "Audience",
        "人群",
        "Who it is for; it decides who is shown in model pictures.",
        "面向谁，决定模特图里的人。",
    ),
    "props": FieldText(
        "Props", "道具", "Small things beside the product in scenes.", "场景图里商品旁的小物件。"
    ),
    "body": FieldText(
        "Body",
        "身材体态",
        "Wishes about the person in model pictures, such as longer legs.",
        "对模特身材体态的要求，例如腿再细一点。",
    ),
    "gtin": FieldText(
        "GTIN",
        "商品条码",
        "The number under the bar code; Walmart wants it in file names.",
        "条形码下的数字，沃尔玛的文件名需要它。",
    ),
}
"""Every field of ProductForm; a test walks them."""


def titled(schema: dict[str, Any]) -> None:
    """Add titles and help to the JSON Schema of ProductForm: both languages together, and each by itself."""
    for name, field in schema["properties"].items():
        text = FIELD_TEXTS[name]
        field["title"] = f"{text.en} {text.zh}"
        field["description"] = f"{text.help_en} {text.help_zh}"
        field["x-title"] = {"en": text.en, "zh": text.zh}
        field["x-help"] = {"en": text.help_en, "zh": text.help_zh}
