#!/usr/bin/env bash
# Installs the pgRouting that belongs to the installed PostgreSQL. It is only measured against and never needed to run heat twin.
set -euo pipefail

compgen -G '/usr/share/postgresql/*/extension/pgrouting.control' > /dev/null && exit 0
version=$(basename "$(ls -d /usr/share/postgresql/[0-9]* | sort -V | tail -n 1)")
install="apt-get install --yes --no-install-recommends postgresql-$version-pgrouting"
if [ "$(id -u)" != 0 ]; then
  echo "setup_pgrouting: pgRouting is missing; run: sudo $install" >&2
  exit 1
fi
apt-get update --quiet=2 >&2 && $install >&2
