# A fresh machine needs Python 3.11 or newer, make and a package index; everything else is set up here, once.
PYTHON ?= python3
LETTERS ?= drawn
BUDGET ?= quick
# What else `letterlab study` should be told: make study ARGS="--surname Иванов --lang ru"
ARGS ?=
# What `make recogniser` also trains on, beside LETTERS and 3,900 drawn letters: sources with spaces between them.
MORE ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# How many inputs `make fuzz` gives to each reader, or for how long: make fuzz SECONDS=600 READERS="zip page"
RUNS ?= 20000
SECONDS ?=
READERS ?=

# What `make bench` measures, all if nothing is given: make bench ROWS="mlp open" ARGS="--alternations 7"
ROWS ?=

.PHONY: study recogniser wheel test check schema format fuzz soak bench audit clean

study: .venv/study
	$(BIN)/letterlab study "$(LETTERS)" --budget $(BUDGET) $(ARGS)

# The network that comes with the program, anew: make recogniser LETTERS=FOLDER MORE=FOLDER/extra
recogniser: .venv/study
	mkdir -p runs
	$(BIN)/letterlab draw runs/recogniser-drawn.zip --train 3900 --test 26
	$(BIN)/letterlab train src/letterlab/recognise/letters.toml "$(LETTERS)" $(MORE:%=--more "%") \
		--more runs/recogniser-drawn.zip --prepare --out runs/recogniser
	$(BIN)/letterlab export runs/recogniser --out src/letterlab/recognise/letters.onnx

# dist/letterlab-VERSION-py3-none-any.whl; what an earlier build left behind must not get into it.
wheel: .venv/study
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

# Every test; the checks of `make check` first, for they are quick. With worksteal each process is given half of the
# tests as they stand, so that what a module shares is made once, and who is done first takes from the other.
test: .venv/dev check
	$(BIN)/python -m pytest -n 2 --dist worksteal -q

check: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Every reader of files under a fuzzer that is guided by what it covers: docs/fuzzing.md.
fuzz: .venv/dev
	$(BIN)/python tests/fuzz/fuzz.py $(if $(SECONDS),--seconds $(SECONDS),--runs $(RUNS)) $(READERS:%="%")

# The long versions of what docs/reliability.md promises; writes the figures there.
soak: .venv/dev
	$(BIN)/python benchmarks/soak.py

# benchmarks/RESULTS.md: letterlab and its peers by turns, in about two hours on a machine that does nothing else.
bench: .venv/study .peers
	$(BIN)/python benchmarks/bench.py $(ROWS) $(ARGS)

# sbom.json: all that an installation for studies holds, in CycloneDX; then whether a fault of any of it is known.
audit: .audit .venv/study
	.audit/bin/python tools/audit.py $(BIN)/python

# The published schema of findings.json, anew from the types that say what it holds.
schema: .venv/dev
	$(BIN)/python -c 'import jaxtyping; from letterlab.report.findings_file import schema; print(schema(), end="")' > docs/findings.schema.json

# Stamps: each stands for an environment that holds what pyproject.toml and constraints.txt ask for.
.venv/study: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "letterlab needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(PIP) --editable '.[study]'
	@touch $@

.venv/dev: .venv/study
	$(PIP) --editable '.[study,postgres,ray,notebook,dev]'
	@command -v chromium >/dev/null || tools/install-chromium
	@test -d /usr/lib/postgresql || tools/install-postgresql
	@command -v faketime >/dev/null || tools/install-faketime
	@touch $@

# The auditors' own environment: they bring forty packages that the program does not need.
.audit: tools/audit-requirements.txt
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# What letterlab is measured against, all of it in an environment of its own.
.peers: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

clean:
	rm -rf .venv .audit .peers .bench build dist src/*.egg-info
