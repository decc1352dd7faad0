#!/usr/bin/env bash
# Every lint, and that generated files are what their sources say.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
step() {
  local name=$1; shift
  printf '\033[1m==>\033[0m %s\n' "$name"
  "$@" || failed+=("$name")
}
step "ruff format" .venv/bin/ruff format --check --quiet .
step "ruff check" .venv/bin/ruff check --quiet .
step "mypy" .venv/bin/mypy
step "import-linter" .venv/bin/lint-imports
step "docs/openapi.json" .venv/bin/heat-twin openapi --check
step "web check" npm --prefix web run --silent check
step "web types" scripts/check_types.sh
step "web test" npm --prefix web run --silent test
if [ ${#failed[@]} -gt 0 ]; then
  printf 'check: failed: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
