package store

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed sql/sessions.sql
var sessionsSQL string

//go:embed sql/clock.sql
var clockSQL string

//go:embed sql/outcomes.sql
var outcomesSQL string

//go:embed sql/close_sessions.sql
var closeSessionsSQL string

// DecideSessions makes the client sessions that have activity anew: it says of every hang-up in them whether its client
// asked the same route again within 10 s (retried), anything within 30 minutes (stayed) or nothing (lost), as far as that
// is known by now, and closes the sessions to which nothing can be added. Sessions expire keep after this. It returns how
// many sessions it wrote.
func (s *Store) DecideSessions(ctx context.Context, now time.Time, keep time.Duration) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT service_id FROM service ORDER BY service_id`)
	if err != nil {
		return 0, fmt.Errorf("list services: %w", err)
	}
	services, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return 0, fmt.Errorf("list services: %w", err)
	}
	var bad error
	for _, service := range services {
		_, err := s.changeHangups(ctx, service, sessionsWait, func(conn *pgxpool.Conn) error {
			return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
				args := pgx.NamedArgs{"service": service, "now": now, "expires": now.Add(keep)}
				if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '`+sessionsBudget+`'`); err != nil {
					return err
				}
				if err := takeActivity(ctx, tx, service); err != nil {
					return err
				}
				var clock time.Time
				if err := tx.QueryRow(ctx, clockSQL, args).Scan(&clock); err != nil {
					return err
				}
				args["clock"] = clock
				if _, err := tx.Exec(ctx, outcomesSQL, args); err != nil {
					return err
				}
				tag, err := tx.Exec(ctx, sessionsSQL, args)
				if err != nil {
					return err
				}
				n += tag.RowsAffected()
				_, err = tx.Exec(ctx, closeSessionsSQL, args)
				return err
			})
		})
		if err != nil {
			bad = cmp.Or(bad, fmt.Errorf("decide the sessions of service %d: %w", service, err))
			if !ofItself(ctx, err) {
				return n, bad
			}
		}
	}
	return n, bad
}

// sessionsBudget bounds each statement. They are of all activity that there is, mostly a minute's; of imports of hundreds of GB, to
// which nobody has looked yet, it is millions of hang-ups, and what is given up half way is begun again and again.
const sessionsBudget = "30min"

// sessionsWait is how long sessions wait for hang-ups that are being joined.
const sessionsWait = 30 * time.Second

// expireBatch is how many rows one statement deletes: others wait for its locks no longer than that takes.
const expireBatch = 5000

// ExpireSessions deletes the sessions that have expired, in batches. It returns how many it deleted.
func (s *Store) ExpireSessions(ctx context.Context, now time.Time) (int64, error) {
	n, err := s.deleteInBatches(ctx, `DELETE FROM session WHERE (service_id, client, agent_hash, started_at) IN (
		SELECT service_id, client, agent_hash, started_at FROM session WHERE service_id = $1 AND expires_at < $2
		ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED) AND service_id = $1`, now)
	if err != nil {
		return n, fmt.Errorf("expire sessions: %w", err)
	}
	return n, nil
}

// deleteInBatches runs a DELETE with the parameters service, before and limit for every service until it finds nothing.
func (s *Store) deleteInBatches(ctx context.Context, sql string, before time.Time) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT service_id FROM service ORDER BY service_id`)
	if err != nil {
		return 0, err
	}
	services, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return 0, err
	}
	for _, service := range services {
		for {
			tag, err := s.pool.Exec(ctx, sql, service, before, expireBatch)
			if err != nil {
				return n, err
			}
			n += tag.RowsAffected()
			if tag.RowsAffected() < expireBatch {
				break
			}
		}
	}
	return n, nil
}
