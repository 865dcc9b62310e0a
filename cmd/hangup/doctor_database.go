package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/migrations"
	"hangup/store/local"
)

// databaseWait is how long the database may take to answer a check.
const databaseWait = 5 * time.Second

// Free space below which the disk of the private server is doubtful.
const (
	diskWarn = 2 << 30
	diskFail = 200 << 20
)

// checkDatabase looks at the database that serve would use: the one at url, or the private server's place.
func checkDatabase(ctx context.Context, url, stateDir string) []finding {
	f := findings{subject: "database"}
	if url != "" {
		checkServer(ctx, &f, url)
		return f.list
	}
	o := local.Options{Dir: stateDir}
	if exe, err := os.Executable(); err == nil {
		o.Search = append(o.Search, filepath.Dir(filepath.Dir(exe)))
	}
	r, err := local.Inspect(ctx, o)
	checkDisk(&f, r.Dir)
	switch {
	case r.Running:
		checkServer(ctx, &f, r.URL)
	case err != nil:
		f.add(levelFail, "server", "", "no private PostgreSQL can be started: %v", err)
	case !r.Exists:
		f.add(levelOK, "server", "", "serve will make a private one with PostgreSQL %s of %s", r.Install.Version, r.Install.Bin)
	default:
		f.add(levelOK, "server", "", "the private one is not running; serve starts it with PostgreSQL %s of %s", r.Install.Version, r.Install.Bin)
	}
	return f.list
}

// checkServer connects and compares the schema with what this program knows.
func checkServer(ctx context.Context, f *findings, url string) {
	ctx, cancel := context.WithTimeout(ctx, databaseWait)
	defer cancel()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		f.add(levelFail, "server", "", "DATABASE_URL: %v", err)
		return
	}
	where := c.Host + "/" + c.Database // the password is nobody's business
	have, want, err := migrations.Versions(ctx, url)
	if errors.Is(err, migrations.ErrOther) {
		f.add(levelOK, "server", "", "%s answers", where)
		f.add(levelFail, "schema", "give Hangup an empty database, or go on with the hangup that made this one", "%v", err)
		return
	}
	if err != nil {
		do := "start PostgreSQL, or correct DATABASE_URL; while it is away serve waits, and nothing is lost"
		if errors.Is(err, context.DeadlineExceeded) {
			do = "it did not answer within 5 s: " + do
		}
		f.add(levelFail, "server", do, "%s: %v", where, err)
		return
	}
	f.add(levelOK, "server", "", "%s answers", where)
	switch {
	case have == want:
		f.add(levelOK, "schema", "", "version %d, as this program needs it", have)
	case have > want:
		f.add(levelFail, "schema", "start a newer hangup", "version %d, and this program knows %d", have, want)
	case have == 0:
		f.add(levelOK, "schema", "", "none yet: serve makes it, or hangup migrate")
	default:
		f.add(levelWarn, "schema", "serve brings it up to date when it starts, or hangup migrate", "version %d, and this program needs %d", have, want)
	}
}

// checkDisk looks at the file system of a directory, or of the first parent that exists.
func checkDisk(f *findings, dir string) {
	for dir != "" {
		var st syscall.Statfs_t
		err := syscall.Statfs(dir, &st)
		if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
			dir = filepath.Dir(dir)
			continue
		}
		if err != nil {
			f.add(levelWarn, "disk", "", "%s: %v", dir, strings.TrimSpace(err.Error()))
			return
		}
		free := int64(st.Bavail) * int64(st.Bsize) //nolint:unconvert // their types differ between systems
		l, do := levelOK, ""
		if free < diskWarn {
			l, do = levelWarn, "free some space, or choose another --state-dir"
		}
		if free < diskFail {
			l = levelFail
		}
		f.add(l, "disk", do, "%s free at %s", size(free), dir)
		return
	}
}
