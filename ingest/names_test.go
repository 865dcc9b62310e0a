package ingest

import "testing"

// TestIsRotated tells names that log rotation makes of a log's from others.
func TestIsRotated(t *testing.T) {
	t.Parallel()
	for _, n := range []string{
		"a.log.1", "a.log.2.gz", "a.log-20261123", "a.log-20261122.zst", "a-20261123.log", "a-20261121.log.xz", "a.log.gz", "a.log.2026-11-23T10:00",
	} {
		if !isRotated(n, "a.log") {
			t.Errorf("%s is not told to be a.log, rotated", n)
		}
	}
	for _, n := range []string{"a.log", "b.log", "aa.log", "a.log.old", "a.log1", "a.log.", "a.log-", "a.logs", ".a.log.1", "a.log.1x", ".gz"} {
		if isRotated(n, "a.log") {
			t.Errorf("%s is told to be a.log, rotated", n)
		}
	}
}
