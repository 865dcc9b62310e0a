// Package store holds all SQL: it stores batches, folds counts, expires data and answers questions. It starts no
// goroutine and keeps no clock: times come from the caller.
package store

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that what was asked for does not exist.
var ErrNotFound = errors.New("not found")

// Store stores and answers with one PostgreSQL database whose schema is up to date (see package migrations).
// It is safe for use by many goroutines.
type Store struct {
	pool *pgxpool.Pool
	dict dictionary
	days days

	sliceBudget string // see joinSlice
	joinMost    int
	crowdBudget time.Duration
}

// New returns a Store that works through pool. The caller closes the pool after the last use of the Store.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool, sliceBudget: sliceBudget, joinMost: joinMost, crowdBudget: crowdBudget}
}
