# Run the tests
test:
    pip install ".[test]" && pytest -n auto

# Run the slow tests
slow:
    pytest -m slow

# Check style and types
lint:
    ruff check . && ruff format --check . && mypy

# Mend what can be mended
fix:
    ruff check --fix . && ruff format .

# All that a change must pass
ci:
    .ci/run
