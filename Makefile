# Everything a developer runs.  `make help` lists it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
JOBS   ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-docker browser bubblewrap faketime registry lint format images census check draft names mutations faults bench fuzz fuzz-pickles fuzz-payloads scanners release fleet-check clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev
	@touch $@

demo: $(STAMP) ## migrate the shipped example from 1.1.0 to 1.6.1, and show what a naive load does
	@$(BIN)/python -m examples.demo

test: lint $(STAMP) ## lint, then every test (those that need Docker or Chromium are skipped without)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

test-quick: $(STAMP) ## the tests that need no environment
	$(BIN)/python -m pytest -n $(JOBS) -m "not environments and not docker" $(PYTEST_ARGS)

test-docker: $(STAMP) ## the tests that need an engine
	SKMIG_REQUIRE_DOCKER=1 $(BIN)/python -m pytest -m docker $(PYTEST_ARGS)

browser: ## install the Chromium that looks at the report (apt, as root)
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium chromium-driver; }

bubblewrap: ## install what confines local environments in the tests (apt, as root)
	@command -v bwrap >/dev/null || { \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends bubblewrap; }

registry: ## install the registry that the tests push to (apt, as root)
	@command -v docker-registry >/dev/null || { \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends docker-registry; }

lint: $(STAMP) ## style, types, layers, the agent's syntax, spelling, workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vermin --quiet --no-tips --target=3.6- --violations src/skmig/agent bench/inside
	$(BIN)/zizmor --offline --quiet .github/workflows
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/codespell README.md docs src tests bench Makefile

format: $(STAMP) ## put the sources into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

images: $(STAMP) ## generate Dockerfiles and locks from images/versions.toml
	$(BIN)/python -m skmig.environments.locks

census: $(STAMP) ## take the census (RELEASES="1.9.1", default: all)
	$(BIN)/python -m tests.zoo.census $(or $(RELEASES),all)

check: $(STAMP) ## what the census sees and no rule explains
	$(BIN)/python -m skmig.adapters.check $(RELEASES)

draft: $(STAMP) ## candidate operations for a new release (RELEASES="1.10.0")
	$(BIN)/python -m skmig.adapters.draft $(RELEASES)

names: $(STAMP) ## what every release of scikit-learn defines, for the scan (SURVEYS: one JSON each)
	$(BIN)/python -m skmig.inspection.table $(SURVEYS)

faults: $(STAMP) ## inject every fault at every stage (as root, with an engine); docs/reliability.md
	-SKMIG_FAULTS=all $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup tests/faults \
		--junitxml build/faults.xml $(PYTEST_ARGS)
	$(BIN)/python -m tests.faults.figures build/faults.xml docs/reliability.md

faketime: ## install the clock that jumps (apt, as root)
	@command -v faketime >/dev/null || { apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends faketime; }

mutations: $(STAMP) ## how many broken migrations the probes notice (RELEASES="1.9.1", MATCH=regex)
	$(BIN)/python -m bench.mutations $(RELEASES) --match '$(MATCH)'

fuzz: fuzz-pickles fuzz-payloads ## everything that is fuzzed

fuzz-pickles: $(STAMP) ## ten million mutated pickles through the scan (FUZZ="--count 100000")
	$(BIN)/python -W ignore -m fuzz.pickles $(FUZZ)

scanners: $(STAMP) ## ask other scanners and `inspect` about the corpus, half an hour; writes docs/scanning.md
	PYTHONHASHSEED=0 $(BIN)/python -W ignore -m bench.scanners

fuzz-payloads: $(STAMP) ## a million mutated payloads; goes on where it stopped (COUNT=1000000)
	$(BIN)/python -m fuzz.payloads --count $(or $(COUNT),1000000) --jobs $(JOBS)

release: $(STAMP) ## sdist and wheel of the last commit in dist: the same bytes for everybody
	rm -rf build/release dist && mkdir -p build/release
	git archive HEAD | tar -xC build/release
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/uv build --quiet --out-dir dist build/release

bench: $(STAMP) ## every benchmark beside what it is held against (hours; results: docs/benchmarks.md)
	$(BIN)/python -m bench.payload
	$(BIN)/python -m bench.migrations one
	$(BIN)/python -m bench.migrations one --backend docker
	$(BIN)/python -m bench.migrations many
	$(BIN)/python -m bench.startup
	$(BIN)/python -m bench.prediction_log
	$(BIN)/python -m bench.drift
	$(BIN)/python -m bench.images --all

fleet-check: $(STAMP) ## 800 models of ten releases, on one machine and on a cluster with a worker killed (COUNT=800)
	$(BIN)/python -m bench.fleet --models $(or $(COUNT),800)

clean: ## delete what the targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
