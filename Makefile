# Everything a person types. `make demo` runs the main job, `make test` passes the tests; both install what they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
POLYRISK_RECORDED ?= ../shared/data
APT_NEEDED := chromium chromium-driver fonts-noto-core fontconfig kannel postgresql prometheus prometheus-alertmanager systemd

.PHONY: demo console live picture test test-recorded faults faults-dispatch faults-signing lint lock schemas bench clean setup setup-test

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --default-pip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -o '^uv==[^ ]*' requirements.lock)"
	@$(BIN)/python -m uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

setup-test: setup
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null && command -v npm >/dev/null && command -v java >/dev/null && \
		command -v mvn >/dev/null && command -v systemd-analyze >/dev/null && fc-list 2>/dev/null | grep -qi 'NotoSansSinhala' && \
		test -x /usr/sbin/bearerbox && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && \
		command -v promtool >/dev/null && command -v amtool >/dev/null || \
		(echo "Installing $(APT_NEEDED)" && $(if $(filter 0,$(shell id -u)),,sudo) apt-get update -qq && \
		$(if $(filter 0,$(shell id -u)),,sudo) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		$(APT_NEEDED) $$(command -v npm >/dev/null || echo npm) $$(command -v java >/dev/null || echo default-jre-headless) \
		$$(command -v mvn >/dev/null || echo maven) >/dev/null)
	@$(BIN)/python deploy/kafka/broker.py --fetch
	@$(BIN)/python -m alerts.stand_in_provider.specification
	@$(BIN)/python tests/console/axe_core.py

demo: setup
	@$(BIN)/polyrisk demo

console: setup
	@echo "The console of the demonstration; Ctrl-C ends it" && $(BIN)/polyrisk run console --state var/demo/ditwah-2025

live: setup
	@$(BIN)/polyrisk run all --start 2025-11-26T10:00+05:30

# Modules in their order: with those of many tests first, the few that take minutes would come last and keep one process waiting.
test: setup-test
	@$(BIN)/polyrisk test
	@$(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

test-recorded: setup
	@POLYRISK_RECORDED=$(POLYRISK_RECORDED) $(BIN)/pytest -q tests/recorded

# KILLS, SEED, and to repeat one round: ROUND and HOME_OF_LOG; JSON names a file for the summary.
KILLS ?= 1000
SEED ?= 7
faults: setup-test
	@$(BIN)/python tests/faults/laboratory.py --kills $(KILLS) --seed $(SEED) $(if $(ROUND),--round $(ROUND)) \
		$(if $(HOME_OF_LOG),--home $(HOME_OF_LOG)) $(if $(JSON),--json $(JSON))

# KILLS and SEED as above; half an hour for 300 on both kinds of database.
faults-dispatch: setup-test
	@$(BIN)/python tests/faults/dispatch_laboratory.py --kills $(KILLS) --seed $(SEED) $(if $(JSON),--json $(JSON))

# KILLS and SEED as above.
faults-signing: setup-test
	@$(BIN)/python tests/faults/signing_laboratory.py --kills $(KILLS) --seed $(SEED) $(if $(JSON),--json $(JSON))

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m schemas.generate --check
	@$(BIN)/polyrisk check

schemas: setup
	@$(BIN)/python -m schemas.generate

lock:
	@$(BIN)/python -m uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --extra dev --python-version 3.11 -q pyproject.toml -o requirements.lock

bench: setup
	@for file in benchmarks/[!_]*.py; do echo "== $$file"; $(BIN)/python -m benchmarks.$$(basename $$file .py); done
	@echo "== benchmarks/compound" && $(BIN)/python -m benchmarks.compound

bench-quick: setup
	@$(BIN)/python -m benchmarks.compound --quick

# Needs what `make demo` leaves in var/demo. docs/planner-page.png and the pictures of docs/backtests.md need years of history (docs/planners.md, docs/backtests.md).
picture: setup-test
	@test -e var/demo/ditwah-2025/log.db || (echo "make picture: var/demo/ditwah-2025/log.db is not there; make demo makes it" && exit 2)
	@$(BIN)/python -m console.screenshot --log sqlite:///var/demo/ditwah-2025/log.db --at 2025-11-28T06:00 --title "Cyclone Ditwah and the weeks after" --out docs/console.png
	@$(BIN)/python tests/console/signing_pictures.py
	@$(BIN)/python tests/console/interface_pictures.py
	@$(BIN)/python tests/console/series_picture.py
	@POLYRISK_STORY=docs/story $(BIN)/pytest -q tests/cases/test_two_people.py

clean:
	@rm -rf var $(VENV)
