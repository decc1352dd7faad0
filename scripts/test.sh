#!/usr/bin/env bash
# Sets up, lints, runs all rings of tests in three processes (TEST_PROCESSES), each with a database server of its own; a file of tests
# goes to whichever is free (in which order: tests/conftest.py).
# With arguments (files, pytest's options) only those tests run, in one process.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test || exit 1
checks=0
scripts/check.sh || checks=1

run() { .venv/bin/python -m pytest -p no:cacheprovider --durations=15 "$@"; }

tests=0
if [ $# -gt 0 ]; then
  run "$@" || tests=1
else
  # processes that collect anything else than each other do not start; sets have one order in all of them
  export PYTHONHASHSEED=${PYTHONHASHSEED:-$RANDOM}
  echo "test: PYTHONHASHSEED=$PYTHONHASHSEED"
  # native tracebacks: pytest's own parse sources, which fails in 3.11 while a server thread parses too, and takes the run with it
  run --tb=native --numprocesses="${TEST_PROCESSES:-3}" --dist=loadfile --no-loadscope-reorder || tests=1
fi
[ "$checks" = 0 ] || echo "test: the lints above failed" >&2
[ "$tests" = 0 ] && [ "$checks" = 0 ]
