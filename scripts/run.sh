#!/usr/bin/env bash
# Sets up, loads the sample city when there is none, serves it with the simulator.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
var=${HEAT_TWIN_VAR_DIR:-var}
# The mark that `heat-twin demo` leaves saves a second start the seconds of asking the private database
if [ -n "${HEAT_TWIN_DATABASE_URL:-}" ] || [ ! -e "$var/demo/sample-1-1.loaded" ] || [ ! -d "$var/postgres/data" ]; then
  .venv/bin/heat-twin demo --size sample --if-absent
fi
exec .venv/bin/heat-twin serve --simulate --broker
