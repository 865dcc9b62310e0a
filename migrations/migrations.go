// Package migrations holds the schema as forward-only SQL files, and applies them.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Up brings the database at url to the newest schema and returns its version. It takes a session lock, so that of two
// instances that start together one waits for the other. A database that is newer than this program is an error; one to which
// another build has applied other migrations is left as it is, and the error is ErrOther.
func Up(ctx context.Context, url string) (version int64, err error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, fmt.Errorf("read the database URL: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := compare(ctx, conn); err != nil {
		return 0, err
	}
	if version, err = up(ctx, db); err == nil {
		err = note(ctx, conn)
	}
	return version, err
}

func up(ctx context.Context, db *sql.DB) (int64, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return 0, fmt.Errorf("make the migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return 0, fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return 0, fmt.Errorf("apply the migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	if have > want {
		return 0, fmt.Errorf("the database has schema version %d and this program knows %d: start a newer hangup", have, want)
	}
	return have, nil
}

// Versions returns the schema's version of the database at url, 0 for one that has none, and the newest that this program
// knows. It changes nothing. Its error is ErrOther where Up's would be.
func Versions(ctx context.Context, url string) (have, want int64, err error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, 0, err
	}
	for _, n := range names {
		v, err := goose.NumericComponent(n)
		if err != nil {
			return 0, 0, err
		}
		want = max(want, v)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, want, fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var made bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, goose.DefaultTablename).Scan(&made); err != nil {
		return 0, want, fmt.Errorf("look for the schema: %w", err)
	}
	if !made {
		return 0, want, nil
	}
	err = conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+goose.DefaultTablename+` WHERE is_applied`).Scan(&have)
	if err != nil {
		return 0, want, fmt.Errorf("read the schema's version: %w", err)
	}
	return have, want, compare(ctx, conn)
}

// Hash names the schema by the content of its files.
func Hash() string {
	h := sha256.New()
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err) // the pattern is constant
	}
	for _, n := range names {
		b, err := files.ReadFile(n)
		if err != nil {
			panic(err) // the file is embedded
		}
		_, _ = fmt.Fprintf(h, "%s %d\n%s", n, len(b), b)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
