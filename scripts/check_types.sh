#!/usr/bin/env bash
# The web's API types are those of docs/openapi.json.
set -euo pipefail
cd "$(dirname "$0")/../web"
made=$(mktemp --suffix=.ts)
trap 'rm -f "$made"' EXIT
npx --no-install openapi-typescript ../docs/openapi.json -o "$made" > /dev/null
cmp -s "$made" src/api/types.gen.ts || { echo "web/src/api/types.gen.ts is not what docs/openapi.json says; run: make generate" >&2; exit 1; }
