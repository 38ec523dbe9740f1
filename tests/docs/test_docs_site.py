"""The documents as a site: it builds strictly, every picture is there, and both guides for staff say the same things."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from schemas import Settings
from tests.docs.shell_commands import PAGES, ROOT, name_of

PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?://|#)([^)\s#]+)")
LARGEST_SCREENSHOT = 150_000


def test_the_site_builds_without_a_broken_link_or_anchor(tmp_path: Path) -> None:
    """With --quiet mkdocs forgets its warnings, and nothing would stop it."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "staff" / "zh.html").is_file()


def test_every_page_is_in_the_menu_of_the_site() -> None:
    nav = str(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    left_out = [
        name
        for name in map(name_of, PAGES)
        if name.startswith("docs/") and name.removeprefix("docs/") not in nav
    ]
    assert left_out == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_picture_and_file_that_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in (*PICTURE.findall(text), *LINK.findall(text)):
        assert (page.parent / target).exists(), f"{name_of(page)} points to {target}"


def test_screenshots_are_small_and_there_in_both_languages() -> None:
    shown = {name for page in PAGES for name in re.findall(r"studio/([\w-]+\.png)", page.read_text("utf-8"))}
    assert len(shown) >= 8
    for name in shown:
        assert (ROOT / "docs" / "studio" / name).stat().st_size <= LARGEST_SCREENSHOT
        other = name.replace("-en.", "-zh.") if "-en." in name else name.replace("-zh.", "-en.")
        assert (ROOT / "docs" / "studio" / other).is_file(), other


def outline(text: str) -> list[str]:
    return re.findall(r"^(#+) ", text, re.MULTILINE)


def parts(text: str) -> list[tuple[int, int, list[str]]]:
    """Return how many table rows and pictures each section has, and its pictures without their language."""
    found = []
    for section in re.split(r"^#+ .*$", text, flags=re.MULTILINE)[1:]:
        pictures = [re.sub(r"-(en|zh)\.png", "", name) for name in PICTURE.findall(section)]
        found.append((section.count("\n| "), len(pictures), pictures))
    return found


def test_both_guides_for_staff_have_the_same_sections_tables_and_pictures() -> None:
    english, chinese = ((ROOT / "docs" / "staff" / f"{name}.md").read_text("utf-8") for name in ("en", "zh"))
    assert outline(english) == outline(chinese)
    assert parts(english) == parts(chinese)


def words_of(language: str) -> set[str]:
    """Return every word and sentence that Studio shows in a language, up to its first gap."""
    files = (ROOT / "studio" / "words" / language).glob("*.toml")
    sections = [section for file in files for section in tomllib.loads(file.read_text("utf-8")).values()]
    return {word.split("{")[0].strip("“ ") for section in sections for word in section.values()}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_guide_calls_buttons_and_states_what_studio_calls_them(language: str) -> None:
    text = (ROOT / "docs" / "staff" / f"{language}.md").read_text("utf-8")
    shown = words_of(language)
    named = re.findall(r"\*\*([^*]+)\*\*", text)
    assert len(named) >= 12
    assert [name for name in named if name not in shown] == []
    states = text.split({"en": "### States", "zh": "### 状态"}[language])[1].split("###")[0]
    listed = re.findall(r"^\| ([^|]+) \|", states, re.MULTILINE)[2:]
    assert set(listed) == set(shot_states(language))


def shot_states(language: str) -> list[str]:
    told = tomllib.loads((ROOT / "studio" / "words" / language / "campaigns.toml").read_text("utf-8"))
    return list(told["shot_state"].values())


def settings_below(model: type, prefix: str) -> list[str]:
    names = []
    for name, field in model.model_fields.items():  # type: ignore[attr-defined]  # a pydantic class
        kind = field.annotation
        inner = hasattr(kind, "model_fields")
        names += settings_below(kind, f"{prefix}{name.upper()}__") if inner else [f"{prefix}{name.upper()}"]
    return names


@pytest.mark.parametrize("name", settings_below(Settings, "PACKSHOT_"))
def test_every_setting_is_told_of(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
