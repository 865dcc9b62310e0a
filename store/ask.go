package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What callers of the questions decide by, beside ErrNotFound.
var (
	// ErrTooWide says that a question was stopped because it took longer than its time limit.
	ErrTooWide = errors.New("the question took too long")
	// ErrUnavailable says that the database cannot be asked now: it is down, starting, or has no connection left.
	ErrUnavailable = errors.New("the database is not available")
)

// statementTimeout bounds each statement of a question.
const statementTimeout = "10s"

// ask runs a question in one read-only snapshot, so that what several statements say fits together. Errors are
// those of fn, with ErrTooWide or ErrUnavailable in their chain where they apply.
func (s *Store) ask(ctx context.Context, what string, fn func(tx pgx.Tx) error) error {
	opt := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, opt, func(tx pgx.Tx) error {
		// Plans are made for the values at hand: what is right for an hour is wrong for a year.
		_, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true),
			set_config('plan_cache_mode', 'force_custom_plan', true)`, statementTimeout)
		if err != nil {
			return err
		}
		return fn(tx)
	})
	if err != nil {
		return fmt.Errorf("ask for %s: %w", what, classify(ctx, err))
	}
	return nil
}

// Ping asks the database for a sign of life. Its error has ErrUnavailable in its chain when there is none.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("ping the database: %w: %w", ErrUnavailable, err)
		}
		return fmt.Errorf("ping the database: %w", classify(ctx, err))
	}
	return nil
}

// classify adds the sentinel that tells what kind of failure err is.
func classify(ctx context.Context, err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(err, ErrNotFound), ctx.Err() != nil:
		return err
	case ok && pg.Code == queryCanceled: // and not by us
		return fmt.Errorf("%w: %w", ErrTooWide, err)
	case ok && (strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P")):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case ok:
		return err
	case isConnError(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	default:
		return err
	}
}

// isConnError says whether err is about the connection: it could not be made, or it broke.
func isConnError(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	_, isNet := errors.AsType[net.Error](err)
	return isNet || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
