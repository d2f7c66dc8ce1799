# Everything a fresh clone needs is python3 (3.11 or newer) and make. The rest is put into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# The newest Python that runs here. A name on the path may be a stub that only complains, so each is tried.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; \
	done)
BIN := .venv/bin
JOBS ?= 2
READY := .venv/ready
OUT := demo-output

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(READY): pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "glassnet needs Python 3.11 or newer, and none was found: install it, or name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'  # the first that knows dependency groups
	$(BIN)/python -m pip install --quiet --group dev --editable '.[all]'
	@touch $@

demo: $(READY) ## train on data/iris.csv, predict with the saved model, explain one number
	@mkdir -p $(OUT)
	$(BIN)/glassnet fit data/iris.csv --target species --seed 0 --out $(OUT)/iris.safetensors
	$(BIN)/glassnet predict $(OUT)/iris.safetensors data/iris.csv --out $(OUT)/predictions.csv
	$(BIN)/glassnet show "2-3-1 sigmoid" --data exam --seed 0

test: $(READY) ## run all tests
	$(BIN)/pytest -n $(JOBS)

lint: $(READY) ## look for mistakes and for lines that are not formatted
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY) ## check the types
	$(BIN)/mypy

format: $(READY) ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) ## measure the engines and the import, and print the tables
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.compiled
	$(BIN)/python -m benchmarks.folds

# One measure alone: make race MEASURES=predict, or steps cold compile memory growth.
MEASURES := all
RACE := race-output

race: $(READY) ## race against PyTorch, JAX, scikit-learn, Keras and ONNX Runtime (a large download, half an hour)
	$(BIN)/python -m pip install --quiet --group race
	$(BIN)/python -m benchmarks.race $(MEASURES) --out $(RACE)

fuzz: $(READY) ## throw damaged and random input at the readers for some minutes
	$(BIN)/python tests/fuzz_files.py 300

soak: $(READY) ## train for some minutes and look for leaks, drift and rare crashes
	$(BIN)/pytest -m soak

programs: $(READY) ## write the programs in programs/ and their loops anew
	$(BIN)/python -m programs

# PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu in the environment makes the download smaller.
test-peers: $(READY) ## compare with PyTorch and JAX (a large download)
	$(BIN)/python -m pip install --quiet --group peers
	$(BIN)/pytest -o addopts=--strict-markers tests/peers

test-lowest: ## run the tests with the oldest versions that pyproject.toml allows, on the oldest Python found
	@oldest=$$(for name in python3.11 "$(PYTHON)"; do \
		"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done); \
	"$${oldest:?glassnet needs Python 3.11 or newer, and none was found}" -m venv --clear .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-lowest/bin/python -c "$$LOWEST" > .venv-lowest/lowest.txt
	.venv-lowest/bin/python -m pip install --quiet --group dev --editable '.[all]' --constraint .venv-lowest/lowest.txt
	.venv-lowest/bin/pytest -n $(JOBS)

clean: ## remove what the other targets made
	rm -rf .venv .venv-lowest $(OUT) $(RACE) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist

define LOWEST
import itertools, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
wanted = itertools.chain(project["dependencies"], *project["optional-dependencies"].values())
print(*sorted({w.replace(">=", "==") for w in wanted if ">=" in w}), sep="\n")
print("pyparsing<3.3")  # later ones warn of names that matplotlib used until it knew better
endef
export LOWEST

.PHONY: help demo test lint types format bench race fuzz soak programs test-peers test-lowest clean
