from pathlib import Path

import pytest

from schemas import FormInvalid, SettingsInvalid, ShotType
from zimage_core.renditions import RECIPES, RecipeTable, default_recipes, load_recipes

CHANNELS = (
    "amazon ebay walmart shopify google taobao tmall jd pdd douyin xiaohongshu tiktok_shop".split()  # noqa: SIM905  # reads better
)
HEADER, *ROWS = RECIPES.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def table() -> RecipeTable:
    return default_recipes()


def a_table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "recipes.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_every_channel_has_a_file_for_every_shot_that_we_make(table: RecipeTable) -> None:
    assert sorted(table.channels) == sorted(CHANNELS)
    for channel in CHANNELS:
        for shot in (ShotType.WHITE_MAIN, ShotType.SCENE, ShotType.DETAIL):
            assert table.for_shot([channel], shot), (channel, shot)


def test_slots_come_in_the_tables_order_whatever_the_forms(table: RecipeTable) -> None:
    one = table.for_shot(("taobao", "amazon"), ShotType.WHITE_MAIN)
    assert one == table.for_shot(("amazon", "taobao"), ShotType.WHITE_MAIN)
    assert [spec.slot for spec in one] == ["amazon_main", "taobao_main", "taobao_white", "taobao_3_4"]


def test_a_shot_that_no_slot_takes_has_none(table: RecipeTable) -> None:
    assert table.for_shot(CHANNELS, ShotType.POSTER) == ()


def test_an_unknown_channel_is_named_with_the_known_ones(table: RecipeTable) -> None:
    with pytest.raises(FormInvalid, match=r"no channel amzon; known are amazon, "):
        table.for_shot(["amzon", "taobao"], ShotType.SCENE)


def test_people_may_write_a_channel_in_chinese(table: RecipeTable) -> None:
    names = [name for all_names in table.channels.values() for name in all_names]
    assert "淘宝" in table.channels["taobao"]
    assert len(set(names)) == len(names)


def test_every_row_says_where_it_was_read_and_how_sure_it_is(table: RecipeTable) -> None:
    for recipe in table.recipes:
        assert recipe.spec.source
        assert recipe.spec.source_date
        assert recipe.spec.confidence in ("high", "medium", "low", "unconfirmed")
        assert recipe.label_reason


def test_taobaos_white_picture_has_a_least_size_too(table: RecipeTable) -> None:
    spec = next(spec for spec in table.specs if spec.slot == "taobao_white")
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
        (",jpeg,", ",gif,", r"line 2, column format: there is no format gif"),
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
    with pytest.raises(SettingsInvalid, match="column fit"):
        load_recipes(a_table(tmp_path, ROWS[0], header=HEADER.replace(",fit,", ",fits,")))
