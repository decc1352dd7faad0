#!/usr/bin/env bash
# Runs `make run` twice as a person would: waits until it is ready, presses Ctrl-C, looks for what is left.
set -uo pipefail
set -m # each job is a process group of its own, as in a terminal
cd "$(dirname "$0")/.."
port=${HEAT_TWIN_PORT:-8000}
log=$(mktemp)
stop() { printf 'check-run: %s\n' "$*" >&2; tail -n 40 "$log" >&2; exit 1; }
ready() {
  python3 - "$port" << 'PYTHON'
import sys, urllib.request
try:
    with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/health", timeout=5) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except OSError:
    sys.exit(1)
PYTHON
}

run_once() {
  local limit=$1 started=$SECONDS job code
  make run > "$log" 2>&1 &
  job=$!
  until ready; do
    kill -0 "$job" 2> /dev/null || stop "make run ended before it was ready"
    [ $((SECONDS - started)) -lt "$limit" ] || stop "not ready within $limit s"
    sleep 0.5
  done
  echo "check-run: ready after $((SECONDS - started)) s"
  kill -INT -- "-$job"
  wait "$job"
  code=$?
  [ "$code" = 0 ] || [ "$code" = 130 ] || [ "$code" = 2 ] || stop "make run ended with code $code after Ctrl-C"
  if pgrep -f "$PWD/(\.venv|var)" > /dev/null; then stop "left running: $(pgrep -af "$PWD/(\.venv|var)")"; fi
  echo "check-run: stopped by Ctrl-C, nothing left running"
}

run_once "${FIRST_LIMIT_S:-1800}"
run_once 15
