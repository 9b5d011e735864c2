# Each target does its own set-up on a fresh Debian 12 with git, make, python3 and python3-venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo test check check-all unit bench lock golden snapshot fuzz clean

help:
	@sed -n 's/^## //p' Makefile

## make demo       scan this machine's root file system and one Docker image, write an HTML report
demo: $(READY)
	$(BIN)/python tools/demo.py

## make test       all tests; installs the Debian packages they need (as root, or with sudo)
test: $(READY)
	tools/install-packages.sh
	SEAWALL_PAIRS=100000 $(BIN)/pytest

## make check      format, lint, types, layers, docs, unit tests; needs no root
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_docs.py
	$(BIN)/pytest tests/unit

## make check-all  check, and the integration tests
check-all: check test

unit: $(READY)
	$(BIN)/pytest tests/unit

## make bench      the table that the docs quote; needs root, 5 GB of disk, about 15 minutes
bench: $(READY)
	tools/install-packages.sh
	$(BIN)/pip install -q --require-hashes -r requirements/bench.lock
	$(BIN)/python -m bench

## make fuzz       100,000 damaged documents for every parser of untrusted input; hours
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.archives --count 100000 --seed 1
	$(BIN)/python -m tests.fuzz.parsers --count 100000 --seed 1 --results bench/fuzz.json

## make golden     renew the golden files; read the diff afterwards
golden: $(READY)
	SEAWALL_GOLDEN=renew $(BIN)/pytest tests/unit -k golden

## make snapshot FROM=DIR   renew the advisories inside the package from a folder of feeds
snapshot: $(READY)
	tools/make-snapshot.sh "$(FROM)"

## make lock       renew the hash-pinned lists of dependencies
lock: $(READY)
	$(BIN)/pip install -q 'pip-tools>=7.4'
	cd requirements && for name in runtime development bench; do \
	  CUSTOM_COMPILE_COMMAND="make lock" ../$(BIN)/pip-compile -q --generate-hashes --strip-extras \
	    --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	    -o $$name.lock $$name.in || exit 1; done

$(READY): requirements/development.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/development.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
