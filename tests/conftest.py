"""Fixtures for the whole suite: a clean environment around each test."""

import os

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove every setting of ours from the environment, so that a developer's own never decide a test."""
    for name in [name for name in os.environ if name.startswith("PACKSHOT_")]:
        monkeypatch.delenv(name)
