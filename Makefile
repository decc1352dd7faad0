# The front door. `make help` lists every recipe.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
UV_VERSION := 0.9.8

help: ## list the recipes
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: ## set up, load the sample city, serve it on 127.0.0.1:8000 (HEAT_TWIN_PORT) with the simulator; Ctrl-C stops all
	@scripts/run.sh

test: ## set up, lint, run all rings of tests
	@scripts/test.sh

check: ## lints and generated files only
	@scripts/check.sh

setup: ## what `make run` needs, without starting anything
	@scripts/setup.sh run

setup-test: ## what `make test` needs
	@scripts/setup.sh test

web: ## build the viewer into api/static/viewer
	@scripts/setup.sh web

generate: ## write docs/openapi.json and the web's API types again
	$(BIN)/heat-twin openapi
	cd web && npm run --silent types

format: ## format Python and web sources
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd web && npm run --silent format

wheel: web ## build the wheel with the viewer inside
	$(BIN)/python -m build --wheel --no-isolation

lock: ## resolve requirements/*.txt anew (hashes, no addresses) and the web's lock
	rm -rf build/lock && python3.11 -m venv build/lock && build/lock/bin/pip install --quiet uv==$(UV_VERSION)
	build/lock/bin/uv pip compile pyproject.toml --extra test --extra demo --extra install --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -o requirements/test.txt
	build/lock/bin/uv pip compile pyproject.toml --extra demo --extra install -c requirements/test.txt --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -o requirements/run.txt
	cd web && npm install --package-lock-only
	node scripts/complete_lock.mjs
	rm -rf build/lock

check-fresh: ## prove `make test` and `make run` in a fresh Debian 12 (needs root, debootstrap, some GB); TARGETS="setup run"
	@scripts/check_fresh.sh

check-qgis: ## open a served sample city in Debian's QGIS without a screen (installs QGIS when missing: root)
	@scripts/check_qgis.sh

check-faults: ## what the rules of data quality find in the real sets of readings, labelled faults among them (../shared)
	@$(BIN)/python -m tests.twin.labelled_readings

check-telemetry: ## bring the real sets of readings in whole and write them out again digit for digit (the suite has days of them)
	$(BIN)/python -m pytest -s tests/data/whole_readings.py

bench-city: ## build the full-size city and keep it under the var dir's bench/ for all benchmarks
	$(BIN)/python -m benchmarks.import_city --keep

bench-city-clean: ## the same city without the planted dirt
	$(BIN)/python -m benchmarks.import_city --keep --clean

bench-import: ## draw and import the full-size city anew; prints one line of figures
	@$(BIN)/python -m benchmarks.import_city

bench-import-twice: ## the same with twice as much in it: how time and memory grow
	@$(BIN)/python -m benchmarks.import_city --twice

bench-crs: ## measure the conversion of 1.66 million vertices against other packages (set up in build/bench); prints one line of figures
	@scripts/setup_bench.sh bench-crs
	@build/bench/bin/python -m benchmarks.crs

bench-trace: bench-city-clean ## measure the trace engine against networkx, rustworkx, igraph, scipy, SQL and pgRouting; prints one line of figures
	@scripts/setup_bench.sh bench-trace
	@scripts/setup_pgrouting.sh
	@build/bench/bin/python -m benchmarks.trace

bench-tiles: bench-city-clean ## measure tiles against the bare statement, tipg and a bare ASGI app; prints one line of figures
	@scripts/setup_bench.sh bench-tiles
	@scripts/setup_wrk.sh
	@build/bench/bin/python -m benchmarks.tiles

bench-tiles3d: bench-city-clean ## build 3D Tiles of the whole city and one edit of it against py3dtiles (1,000 buildings of its export, or PEER_SAMPLE); prints one line of figures
	@$(BIN)/python -m benchmarks.tiles3d --peer-sample $(or $(PEER_SAMPLE),1000)

bench-rollout: bench-city-clean ## figures, import and answers of the clean-heating rollout against pandas; prints one line of figures
	@$(BIN)/python -m benchmarks.rollout

bench-ingest: ## measure the intake of a whole city's readings against a row per value; prints one line of figures
	@$(BIN)/python -m benchmarks.ingest

bench-live: bench-city-clean ## measure how soon a reading is on fifty screens while a whole city reports, and what a replay costs; prints one line of figures
	@$(BIN)/python -m benchmarks.live

bench-crash: ## kill server and database at random while readings come in and are archived; prints one line of counts
	@$(BIN)/python -m benchmarks.crash

bench-overload: ## offer the intake three times what it can take for two minutes (SECONDS, TIMES); prints one line of figures
	@$(BIN)/python -m benchmarks.crash --overload --seconds $(or $(SECONDS),120) --times $(or $(TIMES),3)

fuzz: ## ask every route with made-up values for as long as it takes (MINUTES, ROUTES='^/readings'); none may answer 5xx
	HEAT_TWIN_TEST_FUZZ=1 HEAT_TWIN_TEST_FUZZ_MINUTES=$(MINUTES) HEAT_TWIN_TEST_FUZZ_ROUTES='$(ROUTES)' $(BIN)/python -m pytest \
	  tests/api/test_schemathesis.py tests/api/test_fuzz_bodies.py tests/api/test_exchange.py::test_no_form_breaks_the_interface -s

contact-sheet: ## take the map of a served city at six zooms into docs/images (URL=http://127.0.0.1:8000 CITY=1)
	$(BIN)/python -m tests.browser.contact_sheet --url $(or $(URL),http://127.0.0.1:8000) --city $(or $(CITY),1)

rollout-sheet: ## take the layers of the rollout of a served city into docs/images (URL=http://127.0.0.1:8000 CITY=1)
	$(BIN)/python -m tests.browser.rollout_sheet --url $(or $(URL),http://127.0.0.1:8000) --city $(or $(CITY),1)

solid-sheet: ## take 3D, underground, section and globe of a served city into docs/images (URL=http://127.0.0.1:8000 CITY=1)
	$(BIN)/python -m tests.browser.solid_sheet --url $(or $(URL),http://127.0.0.1:8000) --city $(or $(CITY),1)

clean: ## remove what was set up and built; the data under var/ stays
	rm -rf .venv web/node_modules api/static/viewer build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: help run test check check-qgis check-telemetry setup setup-test web generate format wheel lock check-fresh clean bench-city bench-city-clean bench-import bench-import-twice bench-crs bench-trace bench-tiles bench-tiles3d bench-rollout bench-ingest bench-live bench-crash bench-overload fuzz
