# What people and CI type. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PY := .venv/bin/python
DOSSIERS ?= 20
MINUTES ?= 1
SUITES_DIR ?= $(wildcard ../shared/suites)
TESTS ?= tests
PYTEST_ARGS ?= -n 2 --dist loadfile -q
export SUITES_DIR

.PHONY: help install check format test demo run bench fuzz conformance lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

install: ## make .venv with the pinned packages
	@.ci/environment

check: install ## formatting, lint, types, import rules, spelling
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/codespell

format: install ## put the code in shape
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

# Tests that keep time or load the whole machine run after the others, one at a time.
ALONE := tests/acceptance tests/integration/lienthong tests/integration/test_budgets.py \
	tests/integration/engine/test_under_load.py tests/integration/web/console/test_size.py

test: install ## every test; sets up what it can (Chromium, as root on Debian); the rest is skipped visibly
	@.ci/browser
	@.ci/modeler
	@if [ "$(TESTS)" != tests ]; then exec $(PY) -m pytest $(PYTEST_ARGS) $(TESTS); fi; \
	status=0; \
	$(PY) -m pytest $(PYTEST_ARGS) tests $(ALONE:%=--ignore=%) || status=1; \
	$(PY) -m pytest -q -rs $(ALONE) || status=1; \
	exit $$status

demo: install ## dossiers end to end against simulated partners: make demo DOSSIERS=500
	@$(PY) -m lienthong demo --with-parent --dossiers $(DOSSIERS)

run: install ## the same system until Ctrl-C, with the console
	@$(PY) -m lienthong run --with-parent --simulate

bench: install ## measure; writes bench.json
	@$(PY) -m tests.benchmarks $(BENCH)

fuzz: install ## mutated expressions and decision models for a while: make fuzz MINUTES=60
	@PYTHONPATH=.:tests/support $(PY) tests/support/fuzz.py --minutes $(MINUTES)

conformance: install ## third-party suites named by SUITES_DIR
	$(PY) -m pytest -q -rs tests/conformance

lock: install ## renew requirements*.txt from setup.cfg (needs uv)
	uv pip compile setup.cfg -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" --upgrade -o requirements.txt
	uv pip compile setup.cfg -q --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" -c requirements.txt -o requirements-dev.txt

clean: ## remove what builds and checks left; keeps .venv and data
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis bench.json
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
