package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/migrations"
	"hangup/store/local"
)

// prefix begins the name of every database that this package makes.
const prefix = "hangup_"

// slots is the largest number of test processes of one user that have a private server at one time.
const slots = 64

// startTimeout bounds the start of the server and the making of the template.
const startTimeout = 2 * time.Minute

// access is what a test needs of the server.
type access struct {
	url      string // of a maintenance database
	template string // name of the migrated template
}

// server starts the server at the first call. Nobody stops it: it ends with the process, and what it leaves is used or
// cleaned by the next one.
var server = sync.OnceValues(func() (access, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	address := os.Getenv("HANGUP_TEST_DATABASE_URL")
	if address == "" {
		var err error
		if address, err = private(ctx); err != nil {
			return access{}, err
		}
	} else if u, err := url.Parse(address); err != nil || u.Scheme == "" {
		return access{}, errors.New("HANGUP_TEST_DATABASE_URL is not a URL such as postgres://user@host/database")
	}
	template := prefix + "template_" + migrations.Hash()
	if err := makeTemplate(ctx, address, template); err != nil {
		return access{}, fmt.Errorf("make the template database %s: %w", template, err)
	}
	return access{url: address, template: template}, nil
})

// private starts a private server in the first free slot of the user's cache. A slot's data directory stays, so that
// later processes need neither initdb nor migrations; one that does not start (the machine crashed: the disk is not
// waited for) is made anew.
func private(ctx context.Context) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	for slot := range slots {
		dir := filepath.Join(cache, "slot-"+strconv.Itoa(slot))
		opt := local.Options{Dir: dir, Scratch: true, MaxConnections: 200, Search: []string{sourceTree()}, Programs: cache}
		s, err := local.Start(ctx, opt)
		if errors.Is(err, local.ErrInUse) {
			continue
		}
		if err != nil && !errors.Is(err, local.ErrNoServer) && ctx.Err() == nil {
			if err := os.RemoveAll(filepath.Join(dir, "postgres", "data")); err != nil {
				return "", fmt.Errorf("remove a broken test server: %w", err)
			}
			s, err = local.Start(ctx, opt)
		}
		if err != nil {
			return "", err
		}
		return s.URL(), clean(ctx, s.URL())
	}
	return "", fmt.Errorf("all %d test servers in %s are in use", slots, cache)
}

// sourceTree is the directory of go.mod, where tools/node_modules may be.
func sourceTree() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// clean drops what earlier processes left on a private server. Only we use it.
func clean(ctx context.Context, address string) error {
	keep := prefix + "template_" + migrations.Hash()
	return withConn(ctx, address, func(ctx context.Context, conn *pgx.Conn) error {
		rows, _ := conn.Query(ctx, `SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND datname <> $2`, prefix, keep)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("list old test databases: %w", err)
		}
		for _, name := range names {
			id := pgx.Identifier{name}.Sanitize()
			if _, err := conn.Exec(ctx, "ALTER DATABASE "+id+" IS_TEMPLATE false"); err != nil {
				return fmt.Errorf("drop old test database: %w", err)
			}
			if _, err := conn.Exec(ctx, "DROP DATABASE "+id+" WITH (FORCE)"); err != nil {
				return fmt.Errorf("drop old test database: %w", err)
			}
		}
		return nil
	})
}

// makeTemplate makes and migrates the template if it does not exist. Processes on one server take turns by an advisory
// lock. A database becomes a template only when it is complete; one that is not is left of a killed process: dropped.
func makeTemplate(ctx context.Context, address, name string) error {
	return withConn(ctx, address, func(ctx context.Context, conn *pgx.Conn) error {
		const lock int64 = 0x68616e677570 // "hangup"; it ends with the connection
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
			return err
		}
		var complete bool
		err := conn.QueryRow(ctx, "SELECT datistemplate FROM pg_database WHERE datname = $1", name).Scan(&complete)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if complete {
			return nil
		}
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
			return err
		}
		if _, err := migrations.Up(ctx, withDatabase(address, name)); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "ALTER DATABASE "+name+" IS_TEMPLATE true")
		return err
	})
}
