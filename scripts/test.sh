#!/usr/bin/env bash
# Sets up, lints, runs all rings of tests: those of browser and server (but for the last ones by name) beside all others, each half
# in a process and a database of its own.
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
  other=$(mktemp)
  trap 'rm -f "$other"' EXIT
  # t to z of the server's tests make both halves take about as long
  run tests/api tests/browser --ignore-glob='*/tests/api/test_[t-z]*' > "$other" 2>&1 &
  half=$!
  run tests --ignore=tests/browser --ignore-glob='*/tests/api/test_[a-s]*' || tests=1
  echo "test: the other half, tests/browser and tests/api but for t to z"
  wait "$half" || tests=1
  cat "$other"
fi
[ "$checks" = 0 ] || echo "test: the lints above failed" >&2
[ "$tests" = 0 ] && [ "$checks" = 0 ]
