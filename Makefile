# The same words on the desk and in CI. Needs python3 (3.11 to 3.13) and make; fetches the rest.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help dev lock check test integration e2e chaos bench demo up down status docs contracts \
	requirements translations

##@ Begin

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: $(READY) ## Fetch everything into .venv, every file by its hash

$(READY): requirements/bootstrap.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
		f"Holdfast needs Python 3.11 to 3.13, this is {v[0]}.{v[1]}: make PYTHON=python3.13")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
		echo "python3 has no venv: install your system's python3-venv package"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements/bootstrap.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python \
		--require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

##@ Prove

check: $(READY) ## Style, types, import rules, fast tests: under 90 seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/pytest tests/architecture tests/unit tests/contract

test: $(READY) ## Every test, on a real Kafka and a real PostgreSQL
	$(BIN)/pytest tests

integration: $(READY) ## Handlers, SQL and doorways on real servers
	$(BIN)/pytest tests/integration

e2e: $(READY) ## The whole story in small: from the first signal to the verified order
	$(BIN)/pytest tests/browser tests/e2e

chaos: $(READY) ## Kill and cut the running system, then account for every fact (20 minutes)
	$(BIN)/holdfast chaos
	$(BIN)/python -m pytest tests/chaos/seeded_bugs/live_seeded_bugs.py

bench: $(READY) ## Figures beside their targets, one JSON line each
	@for bench in benchmarks/bench_*.py; do $(BIN)/python $$bench || failed=1; done; test -z "$$failed"

##@ Run

demo: $(READY) ## Watch a province's customers being retained; Ctrl-C ends the view
	$(BIN)/holdfast demo

up: $(READY) ## Start Kafka, PostgreSQL and the services on this machine
	$(BIN)/holdfast up

down: $(READY) ## Stop them; data and business time stay
	$(BIN)/holdfast down

status: $(READY) ## Show every part
	$(BIN)/holdfast status

##@ Maintain

docs: $(READY) ## Redraw every block that is drawn from code
	$(BIN)/holdfast docs

contracts: $(READY) ## Rewrite the event schemas, for review
	$(BIN)/holdfast contracts

translations: $(READY) ## Bring the pages' words up to what the pages say
	$(BIN)/holdfast translations

requirements: $(READY) ## Draw requirement IDs with their code and tests
	$(BIN)/holdfast requirements

lock: $(READY) ## Renew the hashed locks from requirements/*.in
	$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(LOCK) requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
