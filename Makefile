# Every target does its own set-up; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA := .local
export PYTHONDONTWRITEBYTECODE := 1
# Hugging Face libraries look up their hub by name even for a local path unless told not to.
export HF_HUB_OFFLINE := 1

MODEL := $(DATA)/models/smollm2-135m-instruct/manifest.json
EMBEDDER := $(DATA)/models/all-minilm-l6-v2/manifest.json
TRANSCRIBER := $(DATA)/models/whisper-base/manifest.json

# Two processes take the tests: by file, so that what a file sets up is set up once, and in the order of
# the folders, so that the longest come first. Each slow test is one to take, or a group of them. They
# start a hundred processes more, each of which would compile all modules again.
WORKERS ?= 2
PYTEST := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/$(VENV)/pycache \
    $(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run demo test test-slow lint format types coverage check eval bench bench-engine lock mutants clean distclean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.created:
	@tools/make-venv $(PYTHON) $(VENV)

# A finer stamp per set of requirements: a later `make test` adds to what `make demo` installed.
$(VENV)/.demo: requirements/demo.lock pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --require-hashes -r requirements/demo.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.demo
	$(BIN)/python -m pip install --require-hashes -r requirements/dev.lock
	@touch $@

# Imported again where the importer has changed; the stamp is the manifest's time, not its content.
$(MODEL): engine/importer.py | $(VENV)/.demo
	$(BIN)/intramural model add --default
	@touch $@

$(EMBEDDER): | $(VENV)/.demo
	$(BIN)/intramural model add --embedder

$(TRANSCRIBER): | $(VENV)/.demo
	$(BIN)/intramural model add --transcriber

run: $(VENV)/.demo $(MODEL) ## Serve on 127.0.0.1:8400 from .local/ (creates it on first use)
	$(BIN)/intramural serve --demo-key

demo: $(VENV)/.demo $(MODEL) ## Watch one clinical note go through all eight steps
	$(BIN)/intramural demo

test: $(VENV)/.dev $(MODEL) $(EMBEDDER) $(TRANSCRIBER) tests/clients/node_modules/.stamp ## All tests that fit in a quarter of an hour
	$(PYTEST) --dist loadfile -m "not slow"

test-slow: $(VENV)/.dev $(MODEL) $(EMBEDDER) $(TRANSCRIBER) tests/clients/node_modules/.stamp ## The tests that take longer
	$(PYTEST) --dist loadgroup -m slow

# The Node client and a real identity provider are peers to test against; without Node their tests are
# skipped and say so.
tests/clients/node_modules/.stamp: tests/clients/package-lock.json
	@if command -v npm >/dev/null; then cd tests/clients && npm ci --no-audit --no-fund; else mkdir -p tests/clients/node_modules; fi
	@touch $@

lint: $(VENV)/.dev ## ruff, the format, and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Let ruff write the format and the safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## mypy, strict
	$(BIN)/mypy

coverage: $(VENV)/.dev ## The gates: gateway/domain and engine/batching.py, branches included
	$(BIN)/coverage run --branch --source=gateway/domain,engine -m pytest -q -m "not slow" \
	    tests/unit/domain tests/unit/ledger tests/unit/identity tests/properties
	$(BIN)/coverage report --include='gateway/domain/*,engine/batching.py' --fail-under=97

check: lint types coverage test ## What CI calls

mutants: $(VENV)/.dev $(MODEL) ## Break each invariant on purpose and see a test fail
	$(BIN)/python tools/mutants.py

eval: $(VENV)/.dev ## How good detection is, beside Presidio; a page of misses (NOTES=your.jsonl)
	$(BIN)/python -m benchmarks.evaluation --against presidio $(NOTES)

bench: $(VENV)/.dev $(MODEL) ## Print the benchmarks as JSON
	$(BIN)/python -m benchmarks.gateway

bench-engine: $(VENV)/.dev $(MODEL) ## Print all figures of the engine as lines of JSON (half an hour)
	$(BIN)/python -m benchmarks.engine

lock: $(VENV)/.dev ## Resolve the requirements again, with hashes and without index addresses
	PATH="$(CURDIR)/$(BIN):$$PATH" tools/lock

clean: ## Remove caches
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info build

distclean: clean ## Remove the virtual environment too; .local/ (keys, ledger) stays
	rm -rf $(VENV) tests/clients/node_modules
