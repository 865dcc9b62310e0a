#!/usr/bin/env bash
# Compiles Go's packages while npm fetches and builds the page: on a fresh machine each of the two takes a good part of a
# minute. `start` begins in the background, `wait` waits for it; without a start there is nothing to wait for.
set -euo pipefail
cd "$(dirname "$0")/.."
pidfile=tools/.bin/warm.pid

case "${1:-}" in
  start)
    mkdir -p tools/.bin
    go list -trimpath ${2:+"$2"} -export -deps ./cmd/hangup >/dev/null 2>&1 </dev/null &
    echo $! >"$pidfile"
    ;;
  wait)
    [ -f "$pidfile" ] || exit 0
    pid="$(cat "$pidfile")"
    rm -f "$pidfile"
    for _ in $(seq 1 1500); do
      kill -0 "$pid" 2>/dev/null || exit 0
      sleep 0.2
    done
    ;;
  *)
    echo "tools/warm.sh: say start or wait" >&2
    exit 2
    ;;
esac
