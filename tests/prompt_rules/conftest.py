"""The packaged tables, loaded once."""

import pytest

from prompt_rules import RuleTables, default_tables_folder


@pytest.fixture(scope="session")
def tables() -> RuleTables:
    return RuleTables.load(default_tables_folder())
