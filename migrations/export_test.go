package migrations

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// Unsummed are the fingerprints of the schemas from before sums were kept.
var Unsummed = unsummed

// UpTo applies migrations as the builds did that kept no sums.
func UpTo(ctx context.Context, url string, version int64) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err == nil {
		_, err = p.UpTo(ctx, version)
	}
	return err
}

// Fingerprint returns the fingerprint of the schema at url.
func Fingerprint(ctx context.Context, url string) (print string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		print, err = fingerprint(ctx, tx)
		return err
	})
	return print, err
}
