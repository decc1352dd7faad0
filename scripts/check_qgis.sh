#!/usr/bin/env bash
# Opens a served sample city in Debian's QGIS without a screen: OGC API Features, vector tiles with their style, shaded ground,
# each request signed with an API key as docs/how-to/use-it-in-your-gis.md says. Installs QGIS when it is missing (root only).
# Usage: check_qgis.sh [picture to write, default docs/images/qgis-network-dn.png]
set -euo pipefail
cd "$(dirname "$0")/.."
PICTURE=${1:-docs/images/qgis-network-dn.png}
PAGE=docs/how-to/use-it-in-your-gis.md
PYTHON=/usr/bin/python3 # Debian's, which QGIS is built for

if ! "$PYTHON" -c "import qgis.core" 2> /dev/null; then
  [ "$(id -u)" = 0 ] || { echo "QGIS is missing and only root can install it: apt install python3-qgis qgis-providers" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-qgis qgis-providers
fi

FOLDER=$(mktemp -d /tmp/heat-twin-qgis-XXXX)
chmod 755 "$FOLDER"
SERVER=
finish() {
  [ -z "$SERVER" ] || { kill "$SERVER" 2> /dev/null && wait "$SERVER" || true; }
  .venv/bin/heat-twin db stop > /dev/null 2>&1 || true
  rm -rf "$FOLDER"
}
trap finish EXIT

# another loopback address than 127.0.0.1: this machine only, but not demo mode, so that keys count
export HEAT_TWIN_HOST=127.0.0.2 HEAT_TWIN_PORT=${HEAT_TWIN_PORT:-8017} HEAT_TWIN_VAR_DIR=$FOLDER/var HEAT_TWIN_ZONE_SOLVE_MINUTES=0
# kernels compiled by earlier runs of this checkout
export NUMBA_CACHE_DIR=${NUMBA_CACHE_DIR:-$PWD/build/numba}
HEAT=http://$HEAT_TWIN_HOST:$HEAT_TWIN_PORT
.venv/bin/heat-twin demo --size sample --clean > "$FOLDER/demo.log"
.venv/bin/heat-twin seats add --login qgis --role viewer --program > /dev/null
.venv/bin/heat-twin seats add-key --login qgis --digest sha256 > "$FOLDER/key"
APP_ID=$(awk '/^X-App-Id:/ {print $2}' "$FOLDER/key")
SECRET=$(awk '/^secret:/ {print $2}' "$FOLDER/key")
export APP_ID SECRET

.venv/bin/heat-twin serve > "$FOLDER/serve.log" 2>&1 &
SERVER=$!
for _ in $(seq 120); do
  curl --silent --fail --output /dev/null "$HEAT/health" && break
  kill -0 "$SERVER" || { cat "$FOLDER/serve.log" >&2; exit 1; }
  sleep 1
done

# the files of the page, with the address of this server
awk -v folder="$FOLDER" '/^```python /{file = folder "/" $2; next} /^```$/{file = ""} file {print > file}' "$PAGE"
sed -i "s|http://127.0.0.1:8000|$HEAT|" "$FOLDER"/*.py

export QT_QPA_PLATFORM=offscreen HOME=$FOLDER XDG_RUNTIME_DIR=$FOLDER/run
mkdir -m 700 "$XDG_RUNTIME_DIR"
"$PYTHON" scripts/check_qgis.py "$HEAT" "$FOLDER" "$PICTURE"
