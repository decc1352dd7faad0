#!/usr/bin/env bash
# Sets up, loads the sample city when there is none, serves it with the simulator.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
.venv/bin/heat-twin demo --size sample --if-absent
exec .venv/bin/heat-twin serve --simulate
