package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFailover takes the database back to an earlier state while `hangup serve` runs, as a fail-over to a standby that
// misses the last commits does, or a backup that is restored. Offsets and data go back together, so what is still on disk
// is read again, also that of a log that the older database has never heard of.
func TestFailover(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes twenty seconds")
	}
	seed := seedOf(t)
	db := newServer(t)
	dir := t.TempDir()
	a, b := dir+"/a.log", dir+"/b.log"
	p := startServe(t, db.URL(), a, b)
	first := newLoad(t, seed, db, a)
	moves(t, db, p)

	data := filepath.Join(db.options.Dir, "postgres", "data")
	if err := db.Stop(); err != nil {
		t.Fatal(err)
	}
	copyTree(t, data, data+".old")
	db.start()
	moves(t, db, p)
	second := newLoad(t, seed+1, db, b) // its route and its file are new
	moves(t, db, p)

	if err := db.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data, data+".lost"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data+".old", data); err != nil {
		t.Fatal(err)
	}
	db.start()
	settled(t, db, p, first, second)
	if n := db.number(`SELECT count(*) FROM disconnect d WHERE NOT EXISTS (SELECT FROM route r WHERE r.service_id = d.service_id AND r.route_id = d.route_id
		AND starts_with(d.path, substring(r.template FROM '^/[^/]+')))`); n != 0 {
		t.Errorf("%d disconnects of a route that is not theirs", n)
	}
	p.stop()
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copy the database: %v\n%s", err, out)
	}
}
