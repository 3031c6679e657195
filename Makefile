# `make` alone explains itself. Every target sets up what it needs first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.juqun-ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench up format messages clean

help: ## Show this help
	@echo "Juqun (聚群). First time here? Try: make demo"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## Install everything into .venv (packages, front-end assets, translations, system packages where allowed)

$(SETUP): pyproject.toml constraints.txt package.json package-lock.json scripts/setup.sh scripts/assets.py
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh
	@touch $@

demo: $(SETUP) ## Run the whole loop on a real retailer's year, print the report, serve the console (ARGS=--exit: stop after the report)
	@$(BIN)/python -m juqun_town demo $(ARGS)

test: $(SETUP) ## Run every test: on SQLite, on PostgreSQL, in the browser
	@$(BIN)/python scripts/run_tests.py $(ARGS)

check: $(SETUP) ## Format, lint, types, import contracts, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python scripts/check_migrations.py
	@$(BIN)/mypy

format: $(SETUP) ## Put the code into the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

messages: $(SETUP) ## Collect texts to translate into the catalogues, and compile them
	@$(BIN)/python scripts/messages.py collect
	@$(BIN)/python scripts/messages.py compile

bench: $(SETUP) ## Run the benchmarks (ONLY=jobs: one of them)
	@$(BIN)/python -m benchmarks $(ONLY)

up: $(SETUP) ## Serve Juqun: web, workers and scheduler in one process, data under ./data
	@$(BIN)/juqun up $(ARGS)

clean: ## Remove the environment and everything that was built (not ./data)
	@rm -rf $(VENV) node_modules src/juqun/static/vendor .mypy_cache .ruff_cache .pytest_cache var
