package main

import (
	"context"
	"errors"
	"fmt"

	"hangup/migrations"
)

// migrateCmd brings a database to this program's schema.
type migrateCmd struct {
	DatabaseURL string `help:"The database." env:"DATABASE_URL" placeholder:"URL"`
}

// Run applies the migrations that are missing.
func (c *migrateCmd) Run(ctx context.Context, e env) error {
	if c.DatabaseURL == "" {
		return usageError{errors.New("no database: set DATABASE_URL (a private server is migrated when it starts)")}
	}
	v, err := migrations.Up(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "The schema is at version %d.\n", v)
	return err
}
