"""The planted bugs still fit the product they are planted in; `just mutants` plants them."""

import subprocess
from pathlib import Path

import pytest

from tests.mutants.run import GIT, Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]


def test_there_are_enough_of_them() -> None:
    assert len(mutants()) >= 20


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_planted_bug_still_applies_and_names_tests_that_exist(mutant: Mutant) -> None:
    checked = subprocess.run(
        [GIT, "apply", "--check", str(mutant.path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, f"{mutant.name} no longer applies; make it anew: {checked.stderr}"
    assert mutant.told("Bug").endswith(".")
    assert mutant.tests
    for test in mutant.tests:
        assert (ROOT / test.partition("::")[0]).is_file()
