#!/usr/bin/env bash
# Installs wrk, a client that asks a server as fast as it answers. It only measures and is never needed to run heat twin.
set -euo pipefail

command -v wrk > /dev/null && exit 0
install="apt-get install --yes --no-install-recommends wrk"
if [ "$(id -u)" != 0 ]; then
  echo "setup_wrk: wrk is missing; run: sudo $install" >&2
  exit 1
fi
apt-get update --quiet=2 >&2 && $install >&2
