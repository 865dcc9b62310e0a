#!/usr/bin/env bash
# Prints the path of Chromium or Google Chrome on standard output; all else goes to standard error.
# If there is none, it installs Debian's package when we are root on a system that has it, else it says what to install.
set -euo pipefail

find_browser() {
  local name
  if [ -n "${CHROMIUM:-}" ]; then
    if [ -x "$CHROMIUM" ]; then
      echo "$CHROMIUM"
      return 0
    fi
    echo "CHROMIUM=$CHROMIUM is not a program" >&2
    exit 1
  fi
  for name in chromium google-chrome google-chrome-stable chromium-browser; do
    if command -v "$name" >/dev/null 2>&1 && works "$name"; then
      command -v "$name"
      return 0
    fi
  done
  for name in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if [ -x "$name" ]; then
      echo "$name"
      return 0
    fi
  done
  return 1
}

# Ubuntu's chromium-browser may be a script that only says that it is a snap.
works() { "$1" --version >/dev/null 2>&1 </dev/null; }

if find_browser; then exit 0; fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "No Chromium found: installing Debian's package chromium" >&2
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends chromium >&2 && find_browser; then
    exit 0
  fi
fi

cat >&2 <<'TEXT'
The browser tests need Chromium or Google Chrome. Install it:
  Debian           sudo apt-get install chromium
  Ubuntu           sudo snap install chromium, or Google Chrome's package
  Fedora           sudo dnf install chromium
  macOS            brew install --cask google-chrome
or set CHROMIUM to its path.
TEXT
exit 1
