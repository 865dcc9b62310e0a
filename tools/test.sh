#!/usr/bin/env bash
# Runs all tests: Go, page, browser. Every part runs even if one before it failed; the last line is the result.
set -euo pipefail
cd "$(dirname "$0")/.."

# The browser tests build the program too: a clone that belongs to another user cannot be asked for its version.
export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
results="$(mktemp -d)"
trap 'rm -rf "$results"' EXIT

# The programs that tests run against are found first: better to hear of them at once than after minutes.
postgres="$(tools/postgres.sh)"
case "$postgres" in "$PWD"/tools/*) export HANGUP_POSTGRES_BIN="$postgres" ;; esac
CHROMIUM="$(tools/chromium.sh)"
export CHROMIUM
echo "PostgreSQL: $("$postgres/postgres" --version) in $postgres"
echo "Browser:    $("$CHROMIUM" --version 2>/dev/null) in $CHROMIUM"

# The race detector needs a C compiler. Where goroutines meet it is worth its time.
race=()
concurrent='/(ingest|jobs|api|demo|cmd/hangup|store|store/storetest)$'
if command -v "${CC:-cc}" >/dev/null 2>&1 && [ "$(go env GOOS)" = linux ]; then
  race=(-race)
else
  echo "Without the race detector: it needs Linux and a C compiler"
fi

failed=0
go_tests() { # NAME PACKAGES... [FLAGS...]
  local name="$1"
  shift
  go test -json -timeout 10m "$@" >"$results/go-$name.json" 2>"$results/go-$name.err" || failed=1
  node tools/tally.mjs --go "$results/go-$name.json" "$results/go-$name.err"
}

packages="$(go list ./...)"
echo "== Go"
# shellcheck disable=SC2046 # package paths hold no spaces
go_tests plain $(grep -vE "$concurrent" <<<"$packages")
# shellcheck disable=SC2046
go_tests race ${race[@]+"${race[@]}"} $(grep -E "$concurrent" <<<"$packages")

echo "== Page"
(cd web && npm test --silent -- --reporter=default --reporter=json --outputFile.json="$results/page.json") || failed=1

echo "== Browser"
(cd web && PLAYWRIGHT_JSON_OUTPUT_FILE="$results/browser.json" npm run --silent test:browser -- --reporter=list,json) || failed=1

echo "== Result"
node tools/tally.mjs --sum "$failed" "$results"
