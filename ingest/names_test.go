package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path  string
		names []string
		want  map[string]string // of the names that belong to the source, their base
	}{
		{
			"/l/a.log",
			[]string{
				"a.log", "a.log.1", "a.log.2.gz", "a.log-20261123", "a.log-20261122.zst", "a-20261123.log", "a-20261121.log.xz", "a.log.gz",
				"a.log.2026-11-23T10:00", "b.log", "aa.log", "a.log.old", "a.log1", "a.log.", "a.log-", "a.logs", ".a.log.1", "a.log.1x", ".gz",
			},
			map[string]string{
				"a.log": "a.log", "a.log.1": "a.log", "a.log.2.gz": "a.log", "a.log-20261123": "a.log", "a.log-20261122.zst": "a.log",
				"a-20261123.log": "a.log", "a-20261121.log.xz": "a.log", "a.log.gz": "a.log", "a.log.2026-11-23T10:00": "a.log",
			},
		},
		{
			"/l/*.log",
			[]string{"a.log", "b.log", "a.log.1", "b.log.2.gz", "a-20261123.log", "c-1.log", "c-2.log", "gone.log.1", ".hidden.log", "x.txt"},
			map[string]string{
				"a.log": "a.log", "b.log": "b.log", "a.log.1": "a.log", "b.log.2.gz": "b.log", "a-20261123.log": "a.log",
				"c-1.log": "c-1.log", "c-2.log": "c-2.log", "gone.log.1": "gone.log",
			},
		},
		{
			"/l/access.log*",
			[]string{"access.log", "access.log.1", "access.log.2.gz", "access.log.old"},
			map[string]string{"access.log": "access.log", "access.log.1": "access.log", "access.log.2.gz": "access.log", "access.log.old": "access.log.old"},
		},
		{
			"/l/app-*.log",
			[]string{"app-2026-11-22.log.gz", "app-2026-11-23.log", "app-2026-11-24.log"},
			map[string]string{
				"app-2026-11-22.log.gz": "app-2026-11-22.log", "app-2026-11-23.log": "app-2026-11-23.log", "app-2026-11-24.log": "app-2026-11-24.log",
			},
		},
	} {
		exists := map[string]bool{}
		for _, n := range c.names {
			exists[n] = true
		}
		got := map[string]string{}
		for _, n := range c.names {
			if base := newPattern(c.path, false).role(n, exists); base != "" {
				got[n] = base
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.path, d)
		}
	}
}
