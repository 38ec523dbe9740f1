"""The practice models were trained on these sentences and calibrated on these claims: they never change."""

import json
from pathlib import Path
from typing import Any

import pytest

from prompt_rules import compile_prompt
from schemas import ShotType, canonical_json, sha256_hex
from tests.factories import a_form
from tests.prompt_rules.verbs import packaged

UNTRAINED = {"truth": {"swatch"}, "distractors": {"__all__": {"swatch"}}}
"""Swatches are for measuring; no model was trained on them."""

RECORDED = json.loads((Path(__file__).parent / "practice_prompts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['form']['category']}-{case['shot']}")
def test_a_practice_prompt_is_what_it_was(case: dict[str, Any]) -> None:
    spec = compile_prompt(a_form(**case["form"]), ShotType(case["shot"]), packaged())
    assert (spec.text, spec.negative) == (case["text"], case["negative"])
    claims = canonical_json([claim.model_dump(mode="json", exclude=UNTRAINED) for claim in spec.claims])
    assert sha256_hex(claims) == case["claims"]
