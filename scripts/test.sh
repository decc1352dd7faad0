#!/usr/bin/env bash
# Sets up, lints, runs all rings in one pytest run.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test || exit 1
checks=0
scripts/check.sh || checks=1
.venv/bin/python -m pytest -p no:cacheprovider --durations=15 "$@"
tests=$?
[ "$checks" = 0 ] || echo "test: the lints above failed" >&2
[ "$tests" = 0 ] && [ "$checks" = 0 ]
