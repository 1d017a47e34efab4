# Needs Python 3.11 or later, and nothing else: the servers come as packages, into .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help demo demo-traffic test test-long check contract lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.installed  ## run everything with sample data until Ctrl-C; PORT=8000 and FAREHISTORY_STATE=.state move it
	@$(BIN)/python manage.py demo

demo-traffic: .venv/.installed-sdk  ## three services change fares on the running demo, until Ctrl-C
	@$(BIN)/python sdk/examples/demo_traffic.py

test: .venv/.installed-dev  ## run the tests, on servers of their own
	@$(BIN)/python -m pytest -m "not long" -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-long: .venv/.installed-dev  ## run the tests that take minutes, on as many partitions as production has
	@FAREHISTORY_PARTITIONS=64 $(BIN)/python -m pytest -m long

check: .venv/.installed-dev  ## style, types, import arrows, missing migrations, a drifted contract
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@cd sdk && ../$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py contract --check

contract: .venv/.installed-dev  ## write docs/openapi.yaml and docs/errors.md anew from the code
	@$(BIN)/python manage.py contract

lock: .venv/.installed-dev  ## pin the dependencies of pyproject.toml anew, with hashes
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra dev -o requirements-dev.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header sdk/pyproject.toml -c requirements-dev.txt -o sdk/requirements.txt

clean:  ## remove .venv and caches; the state folder with its ledger stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps stand for steps that were finished: one that was interrupted is done again.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: requirements.txt | .venv/.made
	@echo "Installing the pinned packages into .venv (once, about a minute)"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/.installed-sdk: sdk/requirements.txt | .venv/.made
	@$(PIP_INSTALL) -r sdk/requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt | .venv/.made
	@echo "Installing the pinned packages for development into .venv (once, one or two minutes)"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
