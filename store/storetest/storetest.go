// Package storetest gives each test a fresh, migrated database of a real PostgreSQL. There is no fake and no skipping:
// a test that cannot have a server fails and says how to install one.
//
// The server is the one of HANGUP_TEST_DATABASE_URL if that is set (its role must be allowed to make databases), else a
// private one of the test process, made by store/local, which ends with the process. Databases are copies of a template
// that is migrated once per content of package migrations.
package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// cleanupTimeout bounds the removal of a database when a test is over.
const cleanupTimeout = 30 * time.Second

// New returns a pool on a fresh, migrated database. Both are gone when the test is over. Tests may run in parallel.
func New(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), URL(tb))
	if err != nil {
		tb.Fatalf("connect to the test database: %v", err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// URL returns the address of a fresh, migrated dataon.url, for tests that start a whole program. The database is dropped,
// with all connections to it, when the test is over.
func URL(tb testing.TB) string {
	tb.Helper()
	on, err := server()
	if err != nil {
		tb.Fatal(err)
	}
	name := freshName()
	err = withConn(tb.Context(), on.url, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+on.template)
		return err
	})
	if err != nil {
		tb.Fatalf("make the test database: %v", err)
	}
	tb.Cleanup(func() {
		err := withConn(context.Background(), on.url, func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
			return err
		})
		if err != nil {
			tb.Errorf("drop the test database: %v", err)
		}
	})
	return withDatabase(on.url, name)
}

var counter atomic.Int64

// freshName names a database such that no other test and no other process on the same server has it.
func freshName() string {
	return prefix + "test_" + strconv.Itoa(os.Getpid()) + "_" + strconv.FormatInt(started, 36) + "_" + strconv.FormatInt(counter.Add(1), 10)
}

var started = time.Now().UnixNano()

// withConn calls do with a connection of its own.
func withConn(ctx context.Context, address string, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, cleanupTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // what was done is done
	return do(ctx, conn)
}

// withDatabase is the address of another database on the same server.
func withDatabase(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(fmt.Sprintf("address of the server: %v", err)) // server has checked it
	}
	u.Path = "/" + name
	return u.String()
}
