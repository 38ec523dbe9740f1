"""The tiny random weights, built once per session."""

from pathlib import Path

import pytest

from tests.zimage_core.tiny_weights import save_tiny_pack


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the layout of the bundled weights; never write into it."""
    return save_tiny_pack(tmp_path_factory.mktemp("weights") / "pack")
