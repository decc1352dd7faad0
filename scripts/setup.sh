#!/usr/bin/env bash
# Sets up a checkout: scripts/setup.sh run | test | web. Each step has a stamp and is skipped when nothing it reads changed.
set -euo pipefail
cd "$(dirname "$0")/.."
goal=${1:-run}
stamps=.venv/stamps

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# The stamp NAME holds the hash of what the step read; a step runs when it differs.
fresh() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }
stamp() { mkdir -p "$stamps"; printf '%s\n' "$2" > "$stamps/$1"; }
hash_of() { sha256sum "$@" | sha256sum | cut -c1-64; }

missing_packages() {
  local found=()
  compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null && compgen -G '/usr/share/postgresql/*/extension/postgis.control' > /dev/null \
    || [ -n "${HEAT_TWIN_DATABASE_URL:-}" ] || found+=(postgresql-15-postgis-3)
  python3.11 -c 'import ensurepip' 2> /dev/null || found+=(python3-venv)
  if [ "$goal" = test ]; then
    command -v chromium > /dev/null || found+=(chromium)
    command -v ogr2ogr > /dev/null || found+=(gdal-bin)
    [ -x /usr/sbin/mosquitto ] || command -v mosquitto > /dev/null || found+=(mosquitto)
    # the driver that Playwright brings along needs it
    compgen -G '/usr/lib/*/libatomic.so.1' > /dev/null || found+=(libatomic1)
    [ -n "$(find /usr/share/fonts -iname 'NotoSansCJK*' -print -quit 2> /dev/null)" ] || found+=(fonts-noto-cjk)
  fi
  [ ${#found[@]} -eq 0 ] || printf '%s\n' "${found[@]}"
}

system_packages() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  local install="apt-get install --yes --no-install-recommends $missing"
  if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    stop "these Debian packages are missing: $missing
  install them as root, then start again:
    apt-get update && $install"
  fi
  say "installing ${missing% }"
  if ! dpkg -s postgresql-common > /dev/null 2>&1 && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    # Debian would create and start a cluster "main"; heat twin runs one of its own
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  fi
  # Debian would start a broker on port 1883 of every address; heat twin runs one of its own (deb-systemd-helper and invoke-rc.d
  # ask this program, and take 101 for "leave it alone")
  local policy=/usr/sbin/policy-rc.d ours=
  if [[ " $missing" == *" mosquitto"* ]] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy" && ours=$policy
    # shellcheck disable=SC2064 # the value of now
    trap "rm -f '$ours'" EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2 || stop "apt-get update failed; is there a network?"
  # shellcheck disable=SC2086 # a list of words
  $install --quiet=2 > /dev/null || stop "installing failed; try it by hand: $install"
  if [ -n "$ours" ]; then
    rm -f "$ours"
    trap - EXIT
    # nor at the next start of the machine
    systemctl disable --quiet mosquitto.service 2> /dev/null || true
  fi
}

tools() {
  command -v python3.11 > /dev/null || stop "python3.11 is missing; heat twin needs Debian 12's Python: apt-get install python3"
  if [ "$goal" = run ] && [ -f api/static/viewer/index.html ] && [ ! -d web ]; then return; fi
  command -v npm > /dev/null || stop "Node is missing; install Node 20 with npm, then start again"
  local major
  major=$(node --version | sed -E 's/^v([0-9]+).*/\1/')
  [ "$major" -ge 20 ] || stop "Node $(node --version) is too old; heat twin's viewer needs Node 20 or newer to be built"
}

python_environment() {
  local lock=requirements/$1.txt now
  now=$(hash_of "$lock" pyproject.toml)
  # the test environment holds everything that running needs
  if fresh "python-$1" "$now"; then return; fi
  if [ "$1" = run ] && fresh python-test "$(hash_of requirements/test.txt pyproject.toml)"; then return; fi
  say "installing Python packages of $lock (about 1.5 GB the first time)"
  [ -x .venv/bin/python ] || python3.11 -m venv .venv || stop "python3.11 -m venv .venv failed"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock" \
    || stop "pip install failed; the lines above say why. Start again to go on where it stopped"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . \
    || stop "installing heat-twin itself into .venv failed"
  stamp "python-$1" "$now"
}

viewer() {
  [ -f web/package.json ] || return 0
  local packages sources
  packages=$(hash_of web/package.json web/package-lock.json)
  if ! fresh npm "$packages" || [ ! -d web/node_modules ]; then
    say "installing the viewer's packages"
    (cd web && npm ci --no-audit --no-fund --loglevel=error >&2) || stop "npm ci failed in web/; the lines above say why"
    stamp npm "$packages"
  fi
  sources=$(find web/src web/public web/scripts web/*.json web/*.ts web/*.html -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64)
  if ! fresh viewer "$sources" || [ ! -f api/static/viewer/index.html ]; then
    say "building the viewer"
    (cd web && npm run --silent build >&2) || stop "building the viewer failed in web/; the lines above say why"
    stamp viewer "$sources"
  elif [ "$goal" != run ] && ! compgen -G 'api/static/viewer/static/cesium-*' > /dev/null; then
    # it was left out when the viewer was built, for want of a network
    (cd web && npm run --silent cesium >&2) || stop "Cesium cannot be put beside the viewer; the lines above say why"
  fi
}

# Beside each other: pip unpacks while npm builds. Both are waited for, so that nothing runs on after a failure.
packages_and_viewer() {
  local python web code=0
  python_environment "$1" & python=$!
  viewer & web=$!
  wait "$python" || code=1
  wait "$web" || code=1
  return "$code"
}

tools
case $goal in
  run) system_packages; python_environment run; viewer ;;
  test) system_packages; packages_and_viewer test ;;
  web) mkdir -p "$stamps"; viewer ;;
  *) stop "unknown goal '$goal'; it is run, test or web" ;;
esac
