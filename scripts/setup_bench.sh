#!/usr/bin/env bash
# Sets up build/bench: the packages that an extra of pyproject.toml names (scripts/setup_bench.sh bench-crs), on top of those of
# .venv, which stays as it is. Peers are only measured against and never needed to run heat twin.
set -euo pipefail
cd "$(dirname "$0")/.."
extra=$1
folder=build/bench
wanted=$folder/$extra.txt

[ -x .venv/bin/python ] || { echo "setup_bench: .venv is missing; run make setup first" >&2; exit 1; }
mkdir -p build
[ -x $folder/bin/python ] || python3.11 -m venv $folder
realpath .venv/lib/python3.11/site-packages > $folder/lib/python3.11/site-packages/heat_twin_environment.pth
.venv/bin/python - "$extra" > "$wanted.new" <<'PYTHON'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["project"]["optional-dependencies"][sys.argv[1]]))
PYTHON
if ! cmp --silent "$wanted" "$wanted.new"; then
  $folder/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted.new" >&2
fi
mv "$wanted.new" "$wanted"
