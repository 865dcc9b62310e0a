package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestDatabaseDiskFull fills the disk that the tables are on, and makes room again. It needs root, to make a small file
// system.
func TestDatabaseDiskFull(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root makes file systems; TestMetrics puts the error itself into an ordinary server")
	}
	db := newServer(t)
	dir, err := os.MkdirTemp("", "hangup-full-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m,mode=0755"); err != nil {
		t.Skipf("this machine lets nobody make file systems: %v", err)
	}
	t.Cleanup(func() { // before the server stops there is nothing to be unmounted
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	st, err := os.Stat(db.options.Dir + "/postgres/data")
	if err != nil {
		t.Fatal(err)
	}
	owner, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatalf("no owner of %s", db.options.Dir)
	}
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string) error {
		t.Helper()
		_, err := db.conn().Exec(t.Context(), sql)
		return err
	}
	for _, sql := range []string{
		fmt.Sprintf(`CREATE TABLESPACE small LOCATION '%s'`, dir),
		`ALTER DATABASE hangup SET default_tablespace = small`,
		`CREATE TABLE junk (x text) TABLESPACE small`,
	} {
		if err := exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	path := t.TempDir() + "/a.log"
	p := startServe(t, db.URL(), path)
	l := newLoad(t, seedOf(t), db, path)
	moves(t, db, p)
	for rows := 100_000; rows > 0; rows /= 2 {
		for err = nil; err == nil; {
			err = exec(fmt.Sprintf(`INSERT INTO junk SELECT repeat('x', 100) FROM generate_series(1, %d)`, rows))
		}
		if !strings.Contains(err.Error(), "53100") {
			t.Fatal(err)
		}
	}
	eventually(t, "it is said that the disk is full", func() bool {
		_, body := p.get("/readyz")
		return strings.Contains(body, "disk")
	}, p.log.String)
	if code, body := p.get("/api/v1/summary?from=now-1h&to=now"); code != http.StatusOK {
		t.Errorf("summary while the disk is full: %d %s", code, body)
	}
	if err := exec(`DROP TABLE junk`); err != nil {
		t.Fatal(err)
	}
	moves(t, db, p)
	settled(t, db, p, l)
	p.stop()
}
