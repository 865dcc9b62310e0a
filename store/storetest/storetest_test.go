package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	for i := range 6 {
		t.Run(fmt.Sprintf("database %d", i), func(t *testing.T) {
			t.Parallel()
			pool := New(t)
			if _, err := pool.Exec(t.Context(), "CREATE TABLE only_here AS SELECT $1::int AS n", i); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := pool.QueryRow(t.Context(), "SELECT n FROM only_here").Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n != i {
				t.Errorf("read %d, want %d", n, i)
			}
		})
	}
}

func TestDatabaseIsMigratedAndDropped(t *testing.T) {
	t.Parallel()
	on, err := server()
	if err != nil {
		t.Fatal(err)
	}
	var name string
	t.Run("in use", func(t *testing.T) {
		pool := New(t)
		var migrated bool
		const sql = "SELECT current_database(), to_regclass('goose_db_version') IS NOT NULL"
		if err := pool.QueryRow(t.Context(), sql).Scan(&name, &migrated); err != nil {
			t.Fatal(err)
		}
		if !migrated {
			t.Error("the database has no schema")
		}
	})
	var exists bool
	err = withConn(t.Context(), on.url, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	})
	if err != nil {
		t.Fatal(err)
	}
	if name == "" || exists {
		t.Errorf("database %q exists after its test", name)
	}
}
