# What a developer can do here; `make` alone lists it. Everything runs from .venv, which is laid from the lock.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Tests start hundreds of processes, and pytest rewrites a thousand modules: each would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
LOCK := requirements/dev.lock
# One more than two cores: a third of the time of two, tests only wait for servers and clocks.
TEST_WORKERS ?= 3

# The stamp carries the folder's name because a virtual environment does not survive being moved or copied.
empty :=
space := $(empty) $(empty)
STAMP := .venv/.laid-in$(subst $(space),_,$(subst /,-,$(CURDIR)))

# Python compiles what it imports, once; to compile all that is laid takes two fifths of pip's time.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

# `.ci/run` names a file for tests that fail once and pass alone (tools/again.py).
PYTEST := $(BIN)/python -m $(if $(SAMEHAND_TRY_AGAIN),tools.again $(SAMEHAND_TRY_AGAIN),pytest)
# An idle process takes tests from a busy one: a few slow ones, on whole workers, would otherwise keep one core alone.
# Shared servers start once a process.
PARALLEL := -n $(TEST_WORKERS) --dist worksteal
# -rs: one line says what was skipped and why.
REPORT := -rs

.PHONY: help
help: ## list what a developer can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(STAMP) ## lay .venv from the lock, every file checked against its hash

# A .venv that runs and whose scripts point here is kept; any other is laid anew.
$(STAMP): $(LOCK) pyproject.toml tools/choose-python
	@set -eu; \
	if ! { $(BIN)/python -c pass && head -n 2 $(BIN)/pip | grep -qF '$(CURDIR)/.venv/bin/'; } 2>/dev/null; then \
		python=$$(PYTHON='$(PYTHON)' tools/choose-python); \
		echo "laying .venv with $$python"; \
		rm -rf .venv; \
		"$$python" -m venv .venv; \
	fi
	@$(PIP) --require-hashes -r $(LOCK)
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch '$@'

.PHONY: install-extras
install-extras: $(STAMP) ## add what hashes pictures; needs a C++ compiler, and its tests run from then on
	@$(PIP) --require-hashes -r requirements/avatar-build.lock
	@$(PIP) --require-hashes --no-build-isolation \
		-r requirements/avatar.lock

.PHONY: demo
demo: $(STAMP) ## embedded broker, Redis and worker; replays a sample stream and prints alerts as they come
	@$(BIN)/samehand demo

.PHONY: first-alert
first-alert: $(STAMP) ## print how long a newcomer waits for the demo's first alert; fails above 60 s
	@$(BIN)/samehand demo --for 15 --json | tail -n 1 | $(BIN)/python -c 'import json, sys; \
		seconds = json.load(sys.stdin)["first_alert_seconds"]; \
		print(f"first alert of the demo: {seconds} s after its start"); \
		sys.exit(seconds is None or seconds > 60)'

.PHONY: test
test: $(STAMP) ## all tests but those on Apache Kafka (test-kafka, test-faults); says what was skipped and why
	@$(PYTEST) $(PARALLEL) $(REPORT) -m "not kafka and not ops" --ignore tests/faults \
		--ignore tests/stress
	@echo "Not run here: whole workers under load: make test-stress;"
	@echo "what needs Apache Kafka itself (Java): make test-kafka, make test-faults;"
	@echo "and what needs Debian's Prometheus, Alertmanager, Chromium and buildah: make test-ops."

.PHONY: unit
unit: $(STAMP) ## what needs no servers, a tenth of the examples of each property: under a minute
	@$(PYTEST) $(PARALLEL) -p tests.quickly --hypothesis-profile=unit tests/samehand tests/schemas tests/simulate \
		tests/store/common tests/desk/review tests/report tests/streams/delivery tests/test_house.py \
		tests/test_floors.py tests/test_readme.py

COMPILED := build/compiled
COMPILE_STAMP := .venv/.compile
# Before the sources, which Python would find first in the folder that it is started in.
ON_MACHINE_CODE := PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/$(COMPILED)

# The compiler of the type checker; nothing else needs it.
$(COMPILE_STAMP): requirements/compile.lock $(STAMP)
	@$(PIP) --require-hashes -r requirements/compile.lock
	@touch '$@'

# What was compiled of other sources would think what they thought.
$(COMPILED)/.stamp: $(COMPILE_STAMP) tools/compiled.py $(shell find samehand -type f ! -name '*.pyc')
	@$(BIN)/python -m tools.compiled --into $(COMPILED)
	@touch '$@'

.PHONY: compiled
compiled: $(COMPILED)/.stamp ## the mind as machine code, in build/compiled; needs a C compiler, two minutes

.PHONY: test-compiled
# A tenth of the examples of each property: `make test` tries them all on the same sources. Of what calls the mind it runs
# each agent once: what else runs agents calls it alike, and a worker of the image finds a mirror with it (test-image).
test-compiled: $(COMPILED)/.stamp ## the tests of the mind and of what works with it, on machine code, minutes
	@$(ON_MACHINE_CODE) $(PYTEST) $(PARALLEL) $(REPORT) -p tests.compiled -p tests.quickly \
		--hypothesis-profile=unit tests/samehand tests/agents/test_agents.py tests/store/common

.PHONY: test-faults
test-faults: $(STAMP) ## every fault on Apache Kafka, 13 to 27 minutes, and its table in docs/faults.md; QUICK=1 a third
	@SAMEHAND_REQUIRE_KAFKA=1 SAMEHAND_FAULTS=$(if $(QUICK),quick,all) $(PYTEST) $(REPORT) --show-capture no tests/faults

.PHONY: test-stress
test-stress: $(STAMP) ## whole workers under load, a minute: nothing lost, no tail or cost out of proportion
	@$(PYTEST) $(REPORT) tests/stress

.PHONY: test-kafka
test-kafka: $(STAMP) ## the tests that need Apache Kafka itself; without Java and KAFKA_HOME or Maven they fail
	@SAMEHAND_REQUIRE_KAFKA=1 $(PYTEST) $(REPORT) -m kafka --ignore tests/faults --ignore tests/stress

OPS_STAMP := .venv/.ops

# What drives a browser and reads charts; nothing else needs it.
$(OPS_STAMP): requirements/ops.lock $(STAMP)
	@$(PIP) --require-hashes -r requirements/ops.lock
	@touch '$@'

.PHONY: test-ops
test-ops: $(OPS_STAMP) ## what operators have that needs Debian's programs, the image too, as root; NO_IMAGE=1 without
	@SAMEHAND_REQUIRE_OPS=1 $(PYTEST) $(REPORT) -m "ops$(if $(NO_IMAGE), and not image)" tests/ops
	@$(if $(NO_IMAGE),echo "Left out by NO_IMAGE=1: building and starting the image (make test-image).")

.PHONY: test-image
test-image: $(OPS_STAMP) ## of these the image alone: built on Debian's packages and started; root, buildah, minutes
	@SAMEHAND_REQUIRE_OPS=1 $(PYTEST) $(REPORT) tests/ops/test_image.py

SBOM ?= build/sbom.json

.PHONY: sbom
sbom: $(OPS_STAMP) ## what the image holds, as CycloneDX JSON in build/sbom.json
	@mkdir -p $(dir $(SBOM))
	@$(BIN)/cyclonedx-py requirements requirements/run.lock --pyproject pyproject.toml --output-reproducible \
		--spec-version 1.6 --output-format JSON --output-file $(SBOM) 2>/dev/null
	@echo "what the image holds: $(SBOM)"

DIST := build/dist

.PHONY: dist
dist: $(OPS_STAMP) ## wheel and sdist in build/dist, checked as PyPI would; publishes nothing
	@rm -rf $(DIST)
	@$(BIN)/python -m hatchling build -d $(DIST) 2>/dev/null
	@$(BIN)/twine check --strict $(DIST)/*

.PHONY: chart
chart: $(OPS_STAMP) ## the chart as an archive in build/chart; publishes nothing
	@mkdir -p build/chart
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --exclude-from deploy/helm/samehand/.helmignore -czf \
		build/chart/samehand-$$(sed -n 's/^version: //p' deploy/helm/samehand/Chart.yaml).tgz -C deploy/helm samehand
	@ls build/chart

IMAGE_LOCKS := requirements/run.lock requirements/tracing.lock

.PHONY: audit
audit: $(OPS_STAMP) ## known vulnerabilities of what the image holds; fails where no advisory service answers
	@$(BIN)/python -m tools.audit --require $(IMAGE_LOCKS)

.PHONY: supply
supply: sbom ## both of these, and where no advisory service answers it says so
	@$(BIN)/python -m tools.audit $(IMAGE_LOCKS)

.PHONY: dashboards
dashboards: $(STAMP) ## write deploy/grafana/*.json from the table of panels beside them
	@$(BIN)/python deploy/grafana/generate.py

.PHONY: pictures
pictures: $(OPS_STAMP) ## take docs/images anew: what Prometheus graphs of a worker, and the desk's pages
	@SAMEHAND_SCREENSHOTS=1 SAMEHAND_REQUIRE_OPS=1 $(PYTEST) $(REPORT) tests/ops/test_page.py \
		tests/ops/test_first_shift.py
	@SAMEHAND_SCREENSHOTS=1 SAMEHAND_REQUIRE_OPS=1 $(PYTEST) $(REPORT) tests/ops/test_desk.py -k "appeal_is_reversed"

DOCS_STAMP := .venv/.docs

# What builds the pages; nothing else needs it.
$(DOCS_STAMP): requirements/docs.lock $(STAMP)
	@$(PIP) --require-hashes -r requirements/docs.lock
	@touch '$@'

.PHONY: docs
docs: $(DOCS_STAMP) ## the pages of docs as a site in build/site, half a minute; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

.PHONY: docs-serve
docs-serve: $(DOCS_STAMP) ## the same on http://127.0.0.1:8000, written anew as you edit
	@$(BIN)/mkdocs serve

.PHONY: mutants
mutants: $(STAMP) ## lines broken at random that no near test sees; SAMPLE=40, SEED=2, ROOM=agents
	@$(BIN)/python -m tools.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) \
		$(if $(ROOM),--room $(ROOM))

COMPILER := $(shell command -v cc)

# As the image has it, where that can be made here.
.PHONY: bench
bench: $(STAMP) $(if $(COMPILER),$(COMPILED)/.stamp)
bench: ## whole workers and look-ups, an hour at a million bans; BANS=100000, ONLY=worker, QUICK=1
	@$(if $(COMPILER),$(ON_MACHINE_CODE)) $(BIN)/python -m bench \
		$(if $(QUICK),--quick,--out docs/performance/bench.json) \
		$(if $(BANS),--bans $(BANS)) $(if $(ONLY),--only $(ONLY))

.PHONY: bench-instructions
bench-instructions: $(STAMP) ## an event's instructions under valgrind, held to the figure; WRITE=1, REASON='…'
	@$(BIN)/python -m bench.instructions $(if $(WRITE),--write) $(if $(REASON),--reason '$(REASON)')

.PHONY: bench-quality
bench-quality: $(STAMP) ## how well mirrors are found, into docs/quality.md; NAMES=DIR real names, QUICK=1; BANS=1000000
ifdef BANS
	@$(BIN)/python -m bench.quality.at_size --bans $(BANS) $(if $(filter 1000000,$(BANS)),--note docs/quality.md)
else
	@$(BIN)/python -m bench.quality $(if $(QUICK),--quick,--note docs/quality.md)
	@$(if $(NAMES),$(BIN)/python -m bench.real --data '$(NAMES)' $(if $(QUICK),--quick,--note docs/quality.md))
endif

.PHONY: bench-waves
bench-waves: $(STAMP) ## waves found and false ones among simulated sign-ups, an hour; SIGN_UPS=100000, WAVES=60, EDITS=held_out
	@$(BIN)/python -m bench.waves $(if $(SIGN_UPS),--sign-ups $(SIGN_UPS)) $(if $(WAVES),--waves $(WAVES)) $(if $(EDITS),--edits $(EDITS))

.PHONY: bench-desk
bench-desk: $(STAMP) ## the desk's pages and decisions at 50,000 alerts on SQLite and PostgreSQL, minutes; ALERTS=10000
	@$(BIN)/python -m bench.desk $(if $(ALERTS),--alerts $(ALERTS))

.PHONY: bench-rebuild
bench-rebuild: $(STAMP) ## a store rebuilt from a million bans holds what the old one held, half an hour; BANS=100000
	@$(BIN)/python -m bench.rebuild --bans $(or $(BANS),1000000) --note docs/faults.md

.PHONY: properties
properties: $(STAMP) ## every property with ten times the examples of `make test`, minutes
	@$(PYTEST) $(PARALLEL) -p tests.fuzzing --hypothesis-profile=many -m hypothesis --ignore tests/faults --ignore tests/ops

.PHONY: fuzz
fuzz: $(STAMP) ## about two minutes of random and damaged bytes through the decoder
	@$(PYTEST) -p tests.fuzzing --hypothesis-profile=fuzz tests/schemas -k never_raise

.PHONY: lint
lint: $(STAMP) ## ruff, strict mypy, the floors of the house and its budget
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.house --check

.PHONY: house
house: $(STAMP) ## how large and how plain the source tree is, beside its budget (tools/budget.toml)
	@$(BIN)/python -m tools.house

.PHONY: check
check: lint test supply ## lint, then test, then what the image holds and what is known against it

.PHONY: fmt
fmt: $(STAMP) ## sort imports, apply safe fixes, format
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

.PHONY: release
release: $(STAMP) ## what a release changes, shown; VERSION=0.2.0, and CUT=1 writes, commits and tags it
	@$(BIN)/python -m tools.release $(VERSION) $(if $(CUT),--cut)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.PHONY: lock
lock: $(STAMP) ## resolve pyproject.toml and requirements/build.in anew; make lock UPGRADE=1 moves pins forward
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev pyproject.toml requirements/build.in --output-file $(LOCK)
	@# What the image lays, without and with what traces, at the versions that the tests ran with.
	@$(COMPILE) --constraint $(LOCK) --extra desk --extra gate --extra registry pyproject.toml \
		--output-file requirements/run.lock
	@$(COMPILE) --constraint $(LOCK) --extra desk --extra gate --extra registry --extra tracing pyproject.toml \
		--output-file requirements/tracing.lock
	@$(COMPILE) --constraint $(LOCK) requirements/build.in --output-file requirements/build.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --constraint $(LOCK) --group ops --output-file requirements/ops.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --constraint $(LOCK) --group docs --output-file requirements/docs.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --constraint $(LOCK) requirements/compile.in \
		--output-file requirements/compile.lock
	@$(COMPILE) --constraint $(LOCK) requirements/avatar-build.in --output-file requirements/avatar-build.lock
	@$(COMPILE) --constraint $(LOCK) requirements/avatar.in --output-file requirements/avatar.lock
