# Recipes for people; `just` lists them.

default:
    @just --list

# Everything that must pass before a change lands.
check: format-check lint types contracts

format-check:
    uv run ruff format --check .

lint:
    uv run ruff check .

types:
    uv run mypy

contracts:
    uv run lint-imports

# Rewrite files in the house's format.
format:
    uv run ruff format .
    uv run ruff check --fix .

# The suite that the README names: no network, no GPU.
test *arguments:
    uv run pytest {{arguments}}

# Kill tests, long property tests and the demo end to end.
test-slow:
    uv run pytest -m slow -n 0

# Staff at work in headless Chromium, and axe on every page: about ten minutes; skipped where no Chromium is.
test-browser:
    uv run pytest -m slow tests/studio/test_as_a_person.py tests/studio/test_every_page.py tests/studio/test_review_by_keyboard.py

# Pictures of every page of the studio for docs/studio/.
pictures *arguments:
    uv run python -m benchmarks.studio_pictures {{arguments}}

# Needs a GPU and the real weights in PACKSHOT_CORE__TURBO and PACKSHOT_CORE__BASE.
test-gpu:
    uv run pytest -m gpu -n 0

# Resolve again and rewrite requirements.lock and the constraints in pyproject.toml.
lock *arguments:
    python3 deployments/lock.py {{arguments}}

# Measure everything beside its reference: an hour on two quiet cores.
bench:
    uv run python -m benchmarks.demo
    uv run python -m benchmarks.core
    uv run python -m benchmarks.renditions
    uv run python -m benchmarks.scores
    uv run python -m benchmarks.catalog_speed
    uv run python -m benchmarks.campaign
    uv run python -m benchmarks.rules
    uv run python -m benchmarks.scale

# The true-size model on this machine's GPU; --model toy tries the script anywhere.
bench-gpu *arguments:
    uv run python -m benchmarks.gpu {{arguments}}

demo:
    uv run packshot demo

# Everybody at once against the catalog, 20,000 steps on SQLite and as many on PostgreSQL: about ten minutes.
simulate steps="20000":
    PACKSHOT_SIMULATE_STEPS={{steps}} uv run pytest -m '' -n 0 -s tests/catalog/test_simulation.py

# Kill, fill and break everything at every point and at random instants: the block of docs/figures.md.
faults *arguments:
    uv run python -m benchmarks.faults {{arguments}}

# Plant each known bug and demand that the suite notices.
mutants *arguments:
    uv run python -m tests.mutants.run {{arguments}}

# Build the documentation as a site under site/; a broken link stops it.
docs:
    NO_MKDOCS_2_WARNING=1 uv run mkdocs build --strict

# The commands of the documents that take long, as they are written: some five minutes.
docs-commands:
    uv run pytest -m slow tests/docs
