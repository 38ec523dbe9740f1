"""Every setting is documented, and a wrong one is named."""

from pathlib import Path

import pytest

from schemas import Settings, SettingsInvalid, settings_from

ROOT = Path(__file__).resolve().parents[2]


def every_setting() -> list[str]:
    return [
        f"PACKSHOT_{section.upper()}__{field.upper()}"
        for section, info in Settings.model_fields.items()
        for field in info.annotation.model_fields  # type: ignore[union-attr]  # each section is a model
    ]


@pytest.mark.parametrize("name", every_setting())
def test_a_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text()


def test_a_misspelt_setting_is_named() -> None:
    with pytest.raises(SettingsInvalid, match="PACKSHOT_CORE__TRUBO"):
        settings_from({"PACKSHOT_CORE__TRUBO": "nano"})


def test_a_misspelt_section_is_named() -> None:
    with pytest.raises(SettingsInvalid, match="PACKSHOT_CROE__TURBO"):
        settings_from({"PACKSHOT_CROE__TURBO": "nano"})


def test_a_value_that_cannot_be_used_is_named() -> None:
    with pytest.raises(SettingsInvalid, match="PACKSHOT_CORE__PORT"):
        settings_from({"PACKSHOT_CORE__PORT": "eighty"})


@pytest.mark.parametrize(("name", "value"), [("DEVICE", "tpu"), ("URL", "hello"), ("URL", "ftp://core")])
def test_a_device_or_address_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"PACKSHOT_CORE__{name}"):
        settings_from({f"PACKSHOT_CORE__{name}": value})


def test_real_weights_are_one_setting() -> None:
    settings = settings_from({"PACKSHOT_CORE__TURBO": "Tongyi-MAI/Z-Image-Turbo", "HOME": "/nowhere"})
    assert settings.core.turbo == "Tongyi-MAI/Z-Image-Turbo"
    assert settings.core.base == "nano"


def test_the_database_password_is_not_printed() -> None:
    settings = settings_from({"PACKSHOT_CATALOG__URL": "postgresql+psycopg://me:hunter2@localhost/db"})
    assert "hunter2" not in repr(settings)


def test_the_database_address_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "catalog_url"
    file.write_text("postgresql+psycopg://me:secret@localhost/db\n")
    settings = settings_from({"PACKSHOT_CATALOG__URL_FILE": str(file)})
    assert settings.catalog.address() == "postgresql+psycopg://me:secret@localhost/db"


def test_an_address_that_is_set_goes_before_the_file(tmp_path: Path) -> None:
    named = {"URL": "sqlite:///here", "URL_FILE": str(tmp_path / "none")}
    settings = settings_from({f"PACKSHOT_CATALOG__{name}": value for name, value in named.items()})
    assert settings.catalog.address() == "sqlite:///here"


def test_no_address_is_none() -> None:
    assert settings_from({}).catalog.address() is None


@pytest.mark.parametrize(("content", "says"), [(None, "cannot be read"), ("\n", "is empty")])
def test_an_address_file_that_cannot_be_used_is_named(content: str | None, says: str, tmp_path: Path) -> None:
    file = tmp_path / "catalog_url"
    if content is not None:
        file.write_text(content)
    settings = settings_from({"PACKSHOT_CATALOG__URL_FILE": str(file)})
    with pytest.raises(SettingsInvalid, match=f"{file}.*{says}"):
        settings.catalog.address()
