package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/migrations"
	"hangup/store/local"
)

// pools are the connections to the database, apart for writing and asking: a question that takes long holds up no batch.
type pools struct {
	ingest, ask *pgxpool.Pool
}

func (p pools) close() {
	p.ingest.Close()
	p.ask.Close()
}

// database is an open database of this program's schema.
type database struct {
	pools
	done <-chan struct{} // closed when a private server ends by itself; nil for a database that is given
	stop func()
}

// openDatabase opens the database that is given, or a private server's, and brings its schema up to date. The caller calls close.
func openDatabase(ctx context.Context, log *slog.Logger, url, stateDir string) (*database, error) {
	dsn, done, stop, err := findDatabase(ctx, log, url, stateDir)
	if err != nil {
		return nil, err
	}
	if err = migrate(ctx, log, dsn); err == nil {
		var p pools
		if p, err = openPools(ctx, dsn); err == nil {
			return &database{p, done, stop}, nil
		}
	}
	stop()
	return nil, err
}

func (d *database) close() {
	d.pools.close()
	d.stop()
}

// findDatabase returns the URL of the database: the one that is given, or a private server's. stop ends that server;
// done is closed when it ends by itself (nil for a database that is given).
func findDatabase(ctx context.Context, log *slog.Logger, url, stateDir string) (dsn string, done <-chan struct{}, stop func(), err error) {
	if url != "" {
		return url, nil, func() {}, nil
	}
	o := local.Options{Dir: stateDir, Log: log}
	if exe, err := os.Executable(); err == nil {
		o.Search = append(o.Search, filepath.Dir(filepath.Dir(exe)))
	}
	s, err := local.Start(ctx, o)
	if err != nil {
		return "", nil, nil, fmt.Errorf("start the private PostgreSQL (set DATABASE_URL to use another): %w", err)
	}
	return s.URL(), s.Done(), func() {
		if err := s.Stop(); err != nil {
			log.WarnContext(ctx, "private PostgreSQL not stopped well", slog.Any("error", err))
		}
	}, nil
}

// migrateWait is how long a database that is starting is waited for.
const migrateWait = 30 * time.Second

// migrate brings the schema up to date. A database that does not answer yet is tried again for a while.
func migrate(ctx context.Context, log *slog.Logger, dsn string) error {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return usageError{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	deadline := time.Now().Add(migrateWait)
	said := false
	for {
		conn, err := pgxpool.NewWithConfig(ctx, config)
		if err == nil {
			err = conn.Ping(ctx)
			conn.Close()
		}
		if err == nil {
			break
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		if !said {
			log.WarnContext(ctx, "database does not answer, waiting", slog.Any("error", err))
			said = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	_, err = migrations.Up(ctx, dsn)
	return err
}

// openPools connects. Statements of both pools end by themselves: nothing waits for ever.
func openPools(ctx context.Context, dsn string) (pools, error) {
	open := func(conns int32, params map[string]string) (*pgxpool.Pool, error) {
		c, err := pgxpool.ParseConfig(dsn)
		if err != nil {
			return nil, usageError{fmt.Errorf("DATABASE_URL: %w", err)}
		}
		c.MaxConns = conns
		c.ConnConfig.ConnectTimeout = 5 * time.Second
		c.ConnConfig.DialFunc = databaseDialer().DialContext
		c.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "30s"
		c.ConnConfig.RuntimeParams["lock_timeout"] = "5s"
		c.ConnConfig.RuntimeParams["timezone"] = "UTC"
		maps.Copy(c.ConnConfig.RuntimeParams, params)
		return pgxpool.NewWithConfig(ctx, c)
	}
	// A crash of the server loses the last moments of offset and data together, and the files still have them.
	in, err := open(12, map[string]string{"synchronous_commit": "off", "statement_timeout": "60s", "application_name": "hangup ingest"})
	if err != nil {
		return pools{}, err
	}
	ask, err := open(10, map[string]string{"statement_timeout": "20s", "jit": "off", "application_name": "hangup api"})
	if err != nil {
		in.Close()
		return pools{}, err
	}
	return pools{in, ask}, nil
}
