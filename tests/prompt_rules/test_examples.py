"""The sample forms can be read and compiled as they are."""

from pathlib import Path

from prompt_rules import check_forms, read_forms
from schemas import Locale, ShotType
from tests.prompt_rules.verbs import packaged

SHOTS = (ShotType.WHITE_MAIN, ShotType.SCENE, ShotType.DETAIL)
FORMS = Path(__file__).parents[2] / "examples" / "forms.csv"
CHANNELS = (
    *("amazon", "shopify", "ebay", "walmart", "google", "taobao"),
    *("tmall", "jd", "pdd", "douyin", "xiaohongshu", "tiktok_shop"),
)


def test_the_sample_catalogue_shows_the_whole_range() -> None:
    sheet = read_forms(FORMS, packaged(), CHANNELS, SHOTS)
    assert sheet.problems == ()
    assert check_forms(sheet, packaged()) == ()
    forms = sheet.forms
    assert {form.category for form in forms} == {
        key for key, name in packaged().index.departments.items() if name == "practice"
    }
    assert sum(len(form.shots) for form in forms) >= 24
    assert sum(form.locale is Locale.ZH for form in forms) == len(forms) / 2
    assert all(len(form.channels) >= 2 for form in forms)
    assert len({shot for form in forms for shot in form.shots}) == 3
