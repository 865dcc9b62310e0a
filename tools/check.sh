#!/usr/bin/env bash
# Looks for what tests do not find: format, vet, lint, stale generated code. Every part runs; ends with 1 if one complains.
set -euo pipefail
cd "$(dirname "$0")/.."

lint_version=v2.15.0
lint="$PWD/tools/.bin/golangci-lint"
failed=0

step() { # NAME COMMAND...
  echo "== $1"
  shift
  "$@" || failed=1
}

format() {
  local files
  files="$(git ls-files --cached --others --exclude-standard '*.go' | while read -r f; do if [ -f "$f" ]; then echo "$f"; fi; done |
    xargs grep -LE '^// Code generated .* DO NOT EDIT\.$' |
    xargs go tool -modfile=tools/go.mod gofumpt -l)"
  if [ -n "$files" ]; then
    echo "not in gofumpt's style (make fmt puts them right):"
    echo "$files"
    return 1
  fi
}

# Code is generated anew and compared with what was there; what differs stays, so that it can be committed.
generated() {
  local before after
  before="$(sums)"
  go generate ./... || return 1
  after="$(sums)"
  if [ "$before" != "$after" ]; then
    echo "generated code was stale and has been made anew; look at it and commit it:"
    diff <(echo "$before") <(echo "$after") | sed -nE 's/^> [0-9]+ [0-9]+ //p'
    return 1
  fi
}
sums() { git ls-files --cached --others --exclude-standard '*.go' 'web/src/*' | while read -r f; do if [ -f "$f" ]; then cksum "$f"; fi; done; }

lint_run() {
  if [ "$("$lint" version --short 2>/dev/null)" != "${lint_version#v}" ]; then
    echo "building golangci-lint $lint_version into tools/.bin, once: this takes minutes"
    GOFLAGS=-buildvcs=false GOBIN="$PWD/tools/.bin" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$lint_version"
  fi
  "$lint" run ./...
}

shell_syntax() {
  local f
  for f in tools/*.sh .ci/run; do bash -n "$f"; done
}

step "format" format
step "go vet" go vet ./...
step "go vet for macOS" env GOOS=darwin CGO_ENABLED=0 go vet ./...
step "generated code" generated
step "golangci-lint" lint_run
step "page" npm --prefix web run --silent check
step "shell scripts" shell_syntax

if [ "$failed" = 0 ]; then echo "check: passed"; else echo "check: failed"; fi
exit "$failed"
