# Every target sets up what it needs; nothing has to be installed first but Python >= 3.13.

BIN := .venv/bin

.PHONY: help venv demo lint test test-all clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

venv: ## create .venv, with the project and its development tools
	@.ci/setup-venv

demo: venv ## analyse the excitatory ring and write demo-report/
	$(BIN)/causal-snn analyze examples/excitatory_ring.toml --out demo-report

lint: venv ## check style, types and project layout
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/repo-review --show err

# pytest comes last: its closing line is the verdict.
test: lint ## lint, then run the tests that take seconds
	$(BIN)/pytest -n 2 -m "not slow"

test-all: lint ## lint, then run every test
	$(BIN)/pytest -n 2

clean: ## remove everything that make made
	rm -rf .venv demo-report build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
