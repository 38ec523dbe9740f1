from pathlib import Path

import pytest

from schemas import FormInvalid, LabelPolicy, RenditionSpec, SettingsInvalid, ShotType, TextPolicy
from tests.factories import a_shot
from zimage_core.renditions import (
    RECIPES,
    RecipeTable,
    default_recipes,
    file_name,
    load_recipes,
    recipes_at,
)

CHANNELS = """amazon ebay walmart shopify google meta instagram facebook tiktok_shop etsy aliexpress taobao tmall jd pdd
douyin xiaohongshu wechat lazada shopee temu""".split()  # noqa: SIM905  # reads better
LISTINGS = """amazon_main amazon_secondary amazon_aplus_header amazon_aplus_banner amazon_aplus_square amazon_aplus_premium
ebay_main walmart_main walmart_swatch shopify_product google_image_link google_additional meta_catalog instagram_feed_ad
meta_feed_square tiktok_shop_main etsy_listing aliexpress_main taobao_main taobao_white taobao_3_4 taobao_long tmall_main
tmall_detail taobao_detail jd_main jd_detail pdd_home pdd_carousel pdd_detail pdd_long douyin_main douyin_white douyin_3_4
douyin_detail xiaohongshu_main xiaohongshu_detail wechat_shop_head lazada_main shopee_main temu_main""".split()  # noqa: SIM905  # reads better
MAIN_PICTURE_ONLY = {"lazada", "aliexpress", "temu"}
"""Channels whose rules were found for the main picture alone."""
HEADER, *ROWS = RECIPES.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def table() -> RecipeTable:
    return default_recipes()


def a_table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "recipes.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def slot(table: RecipeTable, name: str) -> RenditionSpec:
    return next(spec for spec in table.specs if spec.slot == name)


def test_every_slot_of_every_channel_in_the_notes_is_in_the_table(table: RecipeTable) -> None:
    assert len(LISTINGS) == 41
    assert {spec.listing for spec in table.specs} == set(LISTINGS)


def test_every_channel_has_a_file_for_a_main_picture_and_most_for_scenes(table: RecipeTable) -> None:
    assert sorted(table.channels) == sorted(CHANNELS)
    for channel in CHANNELS:
        assert table.for_shot([channel], ShotType.WHITE_MAIN), channel
        assert channel in MAIN_PICTURE_ONLY or table.for_shot([channel], ShotType.SCENE), channel


def test_every_shot_type_has_slots(table: RecipeTable) -> None:
    for shot in ShotType:
        assert table.for_shot(CHANNELS, shot), shot


def test_slots_come_in_the_tables_order_whatever_the_forms(table: RecipeTable) -> None:
    one = table.for_shot(("taobao", "amazon"), ShotType.WHITE_MAIN)
    assert one == table.for_shot(("amazon", "taobao"), ShotType.WHITE_MAIN)
    assert [spec.slot for spec in one] == [
        "amazon_main", "amazon_aplus_square", "taobao_main", "taobao_white", "taobao_3_4",
    ]  # fmt: skip


def test_a_channels_slots_come_in_the_order_of_its_listing(table: RecipeTable) -> None:
    assert [spec.slot for spec in table.of_channel("walmart")] == [
        "walmart_main", "walmart_additional", "walmart_swatch",
    ]  # fmt: skip


def test_a_shot_that_no_slot_takes_has_none(table: RecipeTable) -> None:
    assert table.for_shot(["lazada", "temu"], ShotType.POSTER) == ()


def test_an_unknown_channel_is_named_with_the_known_ones(table: RecipeTable) -> None:
    with pytest.raises(FormInvalid, match=r"no channel amzon; known are amazon, "):
        table.for_shot(["amzon", "taobao"], ShotType.SCENE)


def test_people_may_write_a_channel_in_chinese(table: RecipeTable) -> None:
    names = [name for all_names in table.channels.values() for name in all_names]
    assert "淘宝" in table.channels["taobao"]
    assert len(set(names)) == len(names)


def test_every_row_says_where_it_was_read_and_how_sure_it_is(table: RecipeTable) -> None:
    for spec in table.specs:
        assert spec.source
        assert spec.source_date
        assert spec.label_reason
        assert spec.certain == (spec.confidence in ("high", "medium"))
    assert not slot(table, "amazon_aplus_banner").certain


def test_posters_go_where_text_is_allowed(table: RecipeTable) -> None:
    for spec in table.for_shot(CHANNELS, ShotType.POSTER):
        assert spec.text in (TextPolicy.ALLOWED, TextPolicy.REQUIRED), spec.slot


def test_no_visible_label_on_white_pictures_and_only_by_request_in_china(table: RecipeTable) -> None:
    for spec in table.specs:
        if spec.background == "white255":
            wanted = LabelPolicy.ON_REQUEST if spec.region == "CN" else LabelPolicy.METADATA
            assert spec.label is wanted, spec.slot


def test_counts_and_slices_are_the_channels(table: RecipeTable) -> None:
    assert (slot(table, "wechat_head").count_min, slot(table, "wechat_head").count_max) == (3, 9)
    assert slot(table, "jd_main").count_min == slot(table, "jd_main_first").count_min == 5
    assert slot(table, "tmall_detail").slice_height == 1500


def test_a_kit_changes_the_files_that_take_text_or_a_logo_and_no_others(table: RecipeTable) -> None:
    with_kit = table.with_kit("kit_1")
    changed = {
        one.slot
        for one, other in zip(table.specs, with_kit.specs, strict=True)
        if one.fingerprint != other.fingerprint
    }
    assert {"amazon_pt04", "taobao_main", "tmall_detail"} <= changed
    assert not {"amazon_main", "etsy_listing", "aliexpress_main"} & changed


def test_taobaos_white_picture_has_a_least_size_too(table: RecipeTable) -> None:
    spec = slot(table, "taobao_white")
    assert (spec.width, spec.height, spec.min_bytes, spec.max_bytes) == (800, 800, 38 * 1024, 300 * 1024)


def test_the_fingerprint_follows_what_changes_files(table: RecipeTable, tmp_path: Path) -> None:
    same = load_recipes(a_table(tmp_path, *[row.replace("medium", "low") for row in ROWS]))
    assert same.fingerprint == table.fingerprint
    other = load_recipes(a_table(tmp_path, *[row.replace(",2200,2200,", ",2400,2400,") for row in ROWS]))
    assert other.fingerprint != table.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",2000,2000,", ",2000,wide,", r"line 2, column height: "),
        (",2000,2000,", ",8,2000,", r"line 2, column width: "),
        (",pad,", ",squeeze,", r"line 2, column fit: "),
        ("white_main", "white_mane", r"line 2, column shots: "),
        (",jpeg|png,", ",gif,", r"line 2, column formats: there is no format gif"),
        (",jpeg|png,", ",,", r"line 2, column formats: "),
        (",1:1,", ",square,", r"line 2, column aspect: `any`, a shape"),
        (",500x500,", ",500,", r"line 2, column least: a size such as 800x800"),
        (",500x500,", ",2001x500,", r"line 2, column width: 2000 px is below the channel's least, 2001"),
        (
            ",10000x10000,",
            ",0x1999,",
            r"line 2, column height: 2000 px is above the channel's greatest, 1999",
        ),
        (",1,1,0,", ",2,1,0,", r"line 2, column count_max: 1 is below count_min 2"),
        (",1,1,0,", ",1,1,1500,", r"line 2, column slice_height: 1500 is below the height, 2000"),
        (",none,", ",some,", r"line 2, column text: "),
        (",white255,", ",cream,", r"line 2, column background: there is no background cream"),
        ("white_main", "white_main|scene", r"line 2, column shots: a white255 slot takes white_main alone"),
        ("{sku}.MAIN.{ext}", "{sku}.MAIN.jpg", r"line 2, column naming: "),
        ("{sku}.MAIN.{ext}", "../{sku}.{ext}", r"line 2, column naming: "),
        ("{sku}.MAIN.{ext}", "{sku}{.{ext}", r"line 2, column naming: "),
        (",0,10485760,", ",20485760,10485760,", r"line 2, column max_bytes: "),
        (",medium", "", r"line 2: the row has more or fewer cells"),
        (",medium", ",medium,more", r"line 2: the row has more or fewer cells"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in ROWS[0]
    with pytest.raises(SettingsInvalid, match=says):
        load_recipes(a_table(tmp_path, ROWS[0].replace(old, new, 1)))


def test_two_slots_may_not_share_a_key_or_a_file_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="amazon_main stands in two rows"):
        load_recipes(a_table(tmp_path, ROWS[0], ROWS[0]))
    twin = ROWS[0].replace("amazon_main", "amazon_twin", 1)
    with pytest.raises(SettingsInvalid, match=r"both write SKU\.MAIN\.jpg"):
        load_recipes(a_table(tmp_path, ROWS[0], twin))


def test_a_missing_column_a_missing_file_and_an_empty_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="no rows"):
        load_recipes(a_table(tmp_path))
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_recipes(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + "\nä".encode("latin-1"))
    with pytest.raises(SettingsInvalid, match="UTF-8"):
        load_recipes(tmp_path / "latin.csv")
    with pytest.raises(SettingsInvalid, match="line 1: there is no column fit"):
        load_recipes(a_table(tmp_path, ROWS[0], header=HEADER.replace(",fit,", ",fits,")))
    with pytest.raises(SettingsInvalid, match="line 1: fits is no column"):
        load_recipes(a_table(tmp_path, ROWS[0] + ",pad", header=HEADER + ",fits"))


def test_a_setting_may_name_a_table_of_ones_own(tmp_path: Path) -> None:
    assert recipes_at(None) == default_recipes()
    assert [spec.slot for spec in recipes_at(a_table(tmp_path, ROWS[3])).specs] == ["amazon_pt03"]


@pytest.mark.parametrize(
    ("title", "gtin", "slot_name", "name"),
    [
        ("Red mug, 350 ml", "6901234567892", "walmart_main", "06901234567892_walmart_main.jpg"),
        ("Red mug, 350 ml", None, "walmart_main", "MUG-RED-01_walmart_main.jpg"),
        ("Red mug, 350 ml", None, "shopify_product", "red-mug-350-ml-MUG-RED-01-white_main.webp"),
        ("红色马克杯", None, "shopify_product", "mug-MUG-RED-01-white_main.webp"),
        ("Red mug", None, "amazon_main", "MUG-RED-01.MAIN.jpg"),
    ],
)
def test_files_are_called_what_the_channel_wants(
    table: RecipeTable, title: str, gtin: str | None, slot_name: str, name: str
) -> None:
    assert file_name(slot(table, slot_name), a_shot(title=title, gtin=gtin)) == name


def test_slices_of_a_page_are_counted(table: RecipeTable) -> None:
    shot = a_shot(ShotType.DETAIL)
    assert file_name(slot(table, "tmall_detail"), shot, 2) == "MUG-RED-01_tmall_detail_detail_02.jpg"


def test_every_other_picture_for_china_shows_its_label(table: RecipeTable) -> None:
    for spec in table.specs:
        if spec.region == "CN" and spec.background != "white255":
            assert spec.label is LabelPolicy.VISIBLE, spec.slot
        if spec.region != "CN":
            assert spec.label is LabelPolicy.METADATA, spec.slot
