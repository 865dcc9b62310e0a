#!/usr/bin/env bash
# Feeds each log format random changes of its logs, by itself, one after the other: tools/fuzz.sh [TIME [FORMAT...]]
# What breaks a promise of the parser is kept in parser/testdata/fuzz and read by every `go test` from then on. What is
# found on the way stays in $FUZZ_CACHE, so that the next run goes on from there.
set -u
cd "$(dirname "$0")/../parser" || exit
time=${1:-60s}
shift
cache=${FUZZ_CACHE:-$(go env GOCACHE)/fuzz-by-format}
mkdir -p "$cache"
program=$(mktemp)
trap 'rm -f "$program"' EXIT
go test -c -fuzz FuzzParse -o "$program" . || exit

if (($# == 0)); then
	# Each format has a log; "auto" finds them, and reads what nginx-mixed-container.log shows.
	mapfile -t formats < <(printf '%s\n' testdata/*.log | sed -E 's,.*/,,; s,\..*,,; s,^nginx-mixed-container$,auto,' | sort -u)
	set -- "${formats[@]}"
fi
failed=()
for format; do
	FUZZ_FORMAT=$format nice -n 19 "$program" -test.run '^$' -test.fuzz '^FuzzParse$' -test.fuzztime "$time" \
		-test.fuzzminimizetime 1000x -test.fuzzcachedir "$cache/$format" -test.parallel 1 >"$cache/$format.out" 2>&1 ||
		# Go may call it a failure that a worker was at an input when the time was over.
		{ grep -q 'context deadline exceeded' "$cache/$format.out" && ! grep -q 'Failing input' "$cache/$format.out"; } ||
		failed+=("$format")
	printf '%-24s %s\n' "$format" "$(grep execs: "$cache/$format.out" | tail -n 1)"
done
if ((${#failed[@]})); then
	printf 'failed: %s: see %s/*.out\n' "${failed[*]}" "$cache"
	exit 1
fi
