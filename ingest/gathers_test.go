package ingest

import "testing"

// TestGathers asks to which source a file belongs that rotation has moved.
func TestGathers(t *testing.T) {
	t.Parallel()
	plain := Source{Path: "/var/log/a.log", Also: []string{"old", "../attic/", "/mnt/a"}}
	pattern := Source{Path: "/var/log/*/*.log", Pattern: true, Exclude: []string{"x*"}, Also: []string{"old", "/mnt/a"}}
	for _, c := range []struct {
		s         Source
		dir, name string
		want      bool
	}{
		{plain, "/var/log/old", "a.log.1", true},
		{plain, "/var/log/old", "a.log-20261124.gz", true},
		{plain, "/var/log/old", "a.log", false},
		{plain, "/var/log/old", "b.log.1", false},
		{plain, "/srv/old", "a.log.1", false},
		{plain, "/var/attic", "a.log.2", true},
		{plain, "/mnt/a", "a.log.2.zst", true},
		{pattern, "/var/log/shop/old", "a.log.1", true},
		{pattern, "/var/log/shop/old", "a-20261124.log", true},
		{pattern, "/var/log/shop/old", "x.log.1", false},
		{pattern, "/var/log/shop/old", "a.txt.1", false},
		{pattern, "/var/log/shop/old", "a.log", false},
		{pattern, "/var/log/old", "a.log.1", false},
		{pattern, "/mnt/a", "a.log.1", true},
		{pattern, "/mnt/b", "a.log.1", false},
	} {
		if got := c.s.gathers(c.dir, c.name); got != c.want {
			t.Errorf("%s gathers %s in %s: %t", c.s.Path, c.name, c.dir, got)
		}
	}
}
