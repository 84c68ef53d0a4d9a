# Everything lives in $(VENV); the servers' state in .stack/. `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
.DEFAULT_GOAL := help
.PHONY: help demo bench bench-druid bench-validation dev test test-docker test-druid test-faults test-unit lint format up up-docker \
	up-native down logs status reset \
	check lock docs
# Where the servers run: docker, native (child processes), or auto: docker where its images can be had.
STACK ?= auto
RUNS = $(shell $(PY) -m stack.docker running)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: up ## set up everything, load the real flights and weather files, prove them
	@$(PY) -m demo

bench: up ## measure every claim beside its peer (half an hour); NAME=upload for one
	@$(PY) -m benchmarks $(NAME) $(ARGS)

bench-druid: up ## measure loads beside tasks posted to Druid by hand: 3.4 million rows, 1,000, 200 files (half an hour)
	@$(PY) -m benchmarks druid-load druid-small druid-many $(ARGS)

bench-validation: up ## measure validation beside DuckDB, Pandera and Frictionless; ARGS=--large for 4 GB
	@$(PY) -m benchmarks validation validation-flights validation-bad validation-frictionless lanes $(ARGS)

test: $(READY) ## set up everything and run all tests
	@$(PY) tests/run.py $(ARGS)

test-docker: $(READY) ## the product in containers, from an engine-less machine to a proof and away again
	@$(PY) -m tests.docker.run $(ARGS)

test-druid: $(READY) ## every test on a real Druid, those too that take minutes
	@$(PY) tests/run.py tests/integration/druid -m 'druid or not druid' $(ARGS)

test-faults: up-native ## kill every server and service in turn, and heal; Druid's also while they have loads (40 minutes)
	@$(PY) -m pytest -q -s tests/faults $(ARGS)

test-unit: $(READY) ## units, contracts, architecture: no server needed
	@$(PY) -m pytest -q tests/unit tests/properties tests/contracts tests/architecture $(ARGS)

lint: $(READY) ## style, types and the directions of imports
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

format: $(READY) ## put the code into its format
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

dev: $(READY) ## the servers, and the five services here, started again at every change of the code
	@kind=$$($(PY) -m stack.docker choose $(STACK)) && $(MAKE) --no-print-directory servers-$$kind
	@$(PY) -m $(if $(filter docker,$(RUNS)),stack.docker,stack) down services
	@$(VENV)/bin/ingest setup
	@$(VENV)/bin/watchfiles --filter python '$(VENV)/bin/ingest run all' services shared

up: $(READY) ## start the servers and the five services (STACK=docker or native; chosen by itself)
	@kind=$$($(PY) -m stack.docker choose $(STACK)) && $(MAKE) --no-print-directory up-$$kind

up-docker: $(READY)
	@$(PY) -m stack.docker up

up-native: servers-native
	@$(VENV)/bin/ingest setup
	@$(PY) -m stack up services

servers-docker: $(READY)
	@$(PY) -m stack.docker up servers

servers-native: $(READY)
	@$(PY) -m stack check
	@$(PY) -m stack up servers

down: $(READY) ## stop everything, keep the data
	@$(PY) -m $(if $(filter docker,$(RUNS)),stack.docker,stack) down

reset: $(READY) ## stop everything and forget the data
	@$(PY) -m stack.docker reset
	@$(PY) -m stack reset

logs: $(READY) ## the end of every log (NAME=kafka for one)
	@$(PY) -m $(if $(filter docker,$(RUNS)),stack.docker,stack) logs $(NAME)

status: $(READY) ## what runs
	@$(PY) -m $(if $(filter docker,$(RUNS)),stack.docker,stack) status

check: $(READY) ## is everything here that is needed?
	@$(PY) -m stack check

docs: $(READY) ## write the generated pages anew
	@$(PY) -m shared.schema
	@$(PY) -m services.validator.report_page
	@$(PY) -m shared.contract.page
	@$(PY) -m shared.druid_errors.page
	@$(PY) -m tests.verdicts.outcomes
	@$(PY) -m tests.examples

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
