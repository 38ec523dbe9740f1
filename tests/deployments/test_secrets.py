"""Secrets are made once, fit one another, and open what they should."""

import shutil
import stat
import sys
from pathlib import Path

import pytest

from tests.deployments.files import DEPLOYMENTS, ROOT, parsed
from zimage_core.service.keys import KeyRing, KeyRole, read_keys

sys.path.insert(0, str(DEPLOYMENTS))
from make_secrets import everything, write

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return everything("packshot.example.com", "a password")


def test_they_are_those_that_compose_mounts(made: dict[str, str]) -> None:
    mounted = parsed(DEPLOYMENTS / "compose.yaml")["secrets"]
    assert made.keys() == mounted.keys()
    assert all(place["file"] == f"./secrets/{name}" for name, place in mounted.items())


def test_the_core_knows_the_keys_of_those_who_ask_it(made: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "core_keys.jsonl"
    file.write_text(made["core_keys.jsonl"])
    ring = KeyRing(file)
    assert len(read_keys(file)) == 2
    assert ring.caller(f"Bearer {made['core_render_key']}").role is KeyRole.RENDER
    assert ring.caller(f"Bearer {made['core_monitor_key']}").role is KeyRole.MONITOR


def test_the_addresses_hold_the_passwords_of_their_stores(made: dict[str, str]) -> None:
    assert f":{made['postgres_password']}@" in made["catalog_url"]
    assert f":{made['postgres_password']}@" in made["prefect_database_url"]
    password = made["redis.conf"].split()[1]
    assert f":{password}@" in made["redis_url"]
    assert f":{password}@" in made["docket_url"]


def test_no_two_installations_share_any(made: dict[str, str]) -> None:
    other = everything("packshot.example.com", "a password")
    assert {name for name in made if made[name] == other[name]} == {"alert_webhook", "studio_monitor_key"}


def test_the_folder_is_its_owners_alone_and_the_files_can_be_mounted(
    made: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    assert set(write(folder, made)) == made.keys()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o444}


def test_what_is_there_is_kept(made: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    write(folder, made)
    assert write(folder, everything("other.example.com", "other")) == []
    assert (folder / "prefect_auth").read_text() == made["prefect_auth"]


def test_ones_own_certificate_is_kept(made: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "gateway.crt").write_text("mine")
    assert "gateway.key" not in write(folder, made)
    assert (folder / "gateway.crt").read_text() == "mine"


def test_a_torn_set_is_named_and_left_alone(made: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    write(folder, made)
    (folder / "redis_url").unlink()
    with pytest.raises(FileExistsError, match="redis_url"):
        write(folder, everything("packshot.example.com", "a password"))
    assert not (folder / "redis_url").exists()


def test_git_does_not_see_them() -> None:
    assert "/deployments/secrets/" in (ROOT / ".gitignore").read_text().split()
