#!/usr/bin/env bash
# Every lint, and that generated files are what their sources say: those of Python and of the web beside each other.
set -uo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/failed"
step() {
  local name=$1; shift
  printf '\033[1m==>\033[0m %s\n' "$name"
  "$@" || echo "$name" >> "$work/failed"
}

web() {
  step "web check" npm --prefix web run --silent check
  step "web types" scripts/check_types.sh
  step "web test" npm --prefix web run --silent test
}

web > "$work/web" 2>&1 &
step "ruff format" .venv/bin/ruff format --check --quiet .
step "ruff check" .venv/bin/ruff check --quiet .
step "mypy" .venv/bin/mypy
step "import-linter" .venv/bin/lint-imports
step "docs/openapi.json" .venv/bin/heat-twin openapi --check
wait
cat "$work/web"
if [ -s "$work/failed" ]; then
  printf 'check: failed: %s\n' "$(paste --serial --delimiters=, "$work/failed")" >&2
  exit 1
fi
