#!/usr/bin/env bash
# Says in words which of the programs that the source tree needs are missing or too old. Ends with 1 if there is one.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()

# at_least HAVE WANT: compares versions such as 1.26.8 and 1.26.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$2" ]
}

# need NAME WANT HAVE HINT
need() {
  if [ -z "$3" ]; then
    missing+=("$1 $2 or newer: not found. $4")
  elif ! at_least "$3" "$2"; then
    missing+=("$1 $2 or newer: found $3. $4")
  fi
}

# have PROGRAM ARGUMENT: the first version number that a program prints, or nothing.
have() {
  command -v "$1" >/dev/null 2>&1 || return 0
  "$1" "$2" 2>/dev/null </dev/null | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1 || true
}

need Go 1.26 "$(have go version)" "Get it from https://go.dev/dl/ and put its bin directory on PATH."
need Node.js 20.19 "$(have node --version)" "Get it from https://nodejs.org/ (the current LTS release is fine)."
need npm 10 "$(have npm --version)" "It comes with Node.js; or: npm install --global npm@10."

if [ ${#missing[@]} -gt 0 ]; then
  echo "Hangup's source tree needs:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
fi
