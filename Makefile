# Everything lives in $(VENV); the servers' state in .stack/. `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
.DEFAULT_GOAL := help
.PHONY: help demo bench test test-faults test-unit lint format up down logs status reset check lock docs

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: up ## set up everything, load the real flights and weather files, prove them
	@$(PY) -m demo

bench: up ## measure every claim beside its peer (15 minutes); NAME=upload for one
	@$(PY) -m benchmarks $(NAME) $(ARGS)

test: $(READY) ## set up everything and run all tests
	@$(PY) tests/run.py $(ARGS)

test-faults: up ## kill every server and service in turn, heal, and run the demo again (15 minutes)
	@$(PY) -m pytest -q -s tests/faults $(ARGS)

test-unit: $(READY) ## the tests that need no server
	@$(PY) -m pytest -q tests/unit tests/contracts tests/architecture $(ARGS)

lint: $(READY) ## style, types and the directions of imports
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

format: $(READY) ## put the code into its format
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

up: $(READY) ## start the servers and the five services
	@$(PY) -m stack check
	@$(PY) -m stack up servers
	@$(VENV)/bin/ingest db upgrade
	@$(VENV)/bin/ingest topics create
	@$(PY) -m stack up services

down: $(READY) ## stop everything, keep the data
	@$(PY) -m stack down

reset: $(READY) ## stop everything and forget the data
	@$(PY) -m stack reset

logs: $(READY) ## the end of every log (NAME=kafka for one)
	@$(PY) -m stack logs $(NAME)

status: $(READY) ## what runs
	@$(PY) -m stack status

check: $(READY) ## is everything here that is needed?
	@$(PY) -m stack check

docs: $(READY) ## write the generated pages anew
	@$(PY) -m shared.schema

lock: $(READY) ## write the locked requirements anew
	@requirements/lock.sh

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c '' >/dev/null 2>&1 || { echo "$(PYTHON) does not run: install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: name a newer one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module: install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "python     making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@echo "python     installing the locked packages"
	@$(VENV)/bin/uv pip sync --quiet --python $(PY) --require-hashes --allow-empty-requirements requirements/dev.txt requirements/uv.txt
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --no-deps --no-build-isolation --offline -e .
	@touch $@
