package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A day is due to be joined whole dueRest after the last commit that has marked it, or dueLongest after the first.
const (
	dueRest    = 10 * time.Second
	dueLongest = 5 * time.Minute
)

// importWait is how long an import waits for the lock on stored hang-ups.
const importWait = 10 * time.Minute

// A slice of reports that is too much is halved, down to narrowest. Once slices that were too much have taken crowdBudget
// in one call, none is halved any more.
const (
	narrowest   = time.Second
	crowdBudget = 2 * time.Minute
)

// sliceBudget bounds each statement that joins a slice, as PostgreSQL writes times.
var sliceBudget = "20s"

// ErrCrowded says that at some time there are so many hang-ups that not all reports were joined: those count twice.
var ErrCrowded = errors.New("too many hang-ups at one time to find all reports that tell of the same: those count twice")

// executor is a connection or a transaction.
type executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// markDue notes that reports of these days are to be joined. generation is the one whose batch is being committed, 0 for none.
func markDue(ctx context.Context, tx executor, service int32, generation int64, days []time.Time, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO join_due AS d (service_id, day, generation_id, since, marked_at) SELECT $1, u, $2, $4, $4 FROM unnest($3::date[]) u ORDER BY u
		ON CONFLICT (service_id, day, generation_id) DO UPDATE SET marked_at = greatest(d.marked_at, excluded.marked_at)`, service, generation, days, now)
	if err != nil {
		return fmt.Errorf("mark days to be joined: %w", err)
	}
	return nil
}

// JoinDue joins all that commits have left to be joined, whenever it was stored, and takes it out of the counts. It is
// for the end of an import, of which no job may take care for long. It returns how many reports it joined; ErrCrowded
// leaves nothing undone but what it says.
func (s *Store) JoinDue(ctx context.Context, now time.Time) (int64, error) {
	return s.joinDue(ctx, now.Add(time.Hour), now.Add(time.Hour), importWait)
}

// due is a day whose reports are to be joined.
type due struct {
	Service int32
	Day     time.Time
	Marked  time.Time
}

// crowd is what was too much in a call of joinDue.
type crowd struct {
	spent time.Duration // on slices that were too much
	first due
	days  int // that have reports which were given up
	left  int // days that were not begun any more: they stay due
}

// err says what was not joined.
func (c *crowd) err() error {
	if c.days == 0 {
		return nil
	}
	more, left := "", ""
	if c.days > 1 {
		more = fmt.Sprintf(" and %d more days", c.days-1)
	}
	if c.left > 0 {
		left = fmt.Sprintf(" (%d days later on are not joined yet: the service does it, or the next import)", c.left)
	}
	return fmt.Errorf("service %d, %s%s: %w%s", c.first.Service, c.first.Day.Format(time.DateOnly), more, ErrCrowded, left)
}

// joinDue joins the reports of days that were marked last before rest, or first before longest. What is too much takes
// bounded time: the first day with such slices is begun and ended in every call, and days that come after are left as they
// are once the time is up.
func (s *Store) joinDue(ctx context.Context, rest, longest time.Time, patience time.Duration) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT service_id, day, max(marked_at) FROM join_due GROUP BY 1, 2
		HAVING max(marked_at) <= $1 OR min(since) <= $2 ORDER BY 1, 2`, rest, longest)
	if err != nil {
		return 0, fmt.Errorf("list days to join: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[due])
	if err != nil {
		return 0, fmt.Errorf("list days to join: %w", err)
	}
	var c crowd
	for i, d := range list {
		if c.spent >= s.crowdBudget {
			c.left = len(list) - i
			break
		}
		done, err := s.changeHangups(ctx, d.Service, patience, func(conn *pgxpool.Conn) error {
			k, err := s.joinDay(ctx, conn, d, &c)
			if n += k; err != nil {
				return err
			}
			// What was marked meanwhile stays due. What was given up would end the same way, and does not.
			if _, err = conn.Exec(ctx, `DELETE FROM join_due WHERE service_id = $1 AND day = $2 AND marked_at <= $3`, d.Service, d.Day, d.Marked); err == nil {
				_, err = conn.Exec(ctx, `UPDATE join_due SET since = marked_at WHERE service_id = $1 AND day = $2`, d.Service, d.Day)
			}
			return err
		})
		if err == nil && !done && patience > 0 {
			err = errors.New("another process is changing its hang-ups all the time")
		}
		if err != nil {
			return n, fmt.Errorf("join the reports of service %d of %s: %w", d.Service, d.Day.Format(time.DateOnly), err)
		}
	}
	return n, c.err()
}

// joinDay joins the reports of a day, hour by hour. It notes what could not be joined.
func (s *Store) joinDay(ctx context.Context, conn *pgxpool.Conn, d due, c *crowd) (n int64, err error) {
	rows, err := conn.Query(ctx, `SELECT DISTINCT date_trunc('hour', at, 'UTC') FROM disconnect
		WHERE service_id = $1 AND day = $2 AND NOT exchange AND joined_generation_id IS NULL AND phase <> 'idle' ORDER BY 1`, d.Service, d.Day)
	if err != nil {
		return 0, err
	}
	hours, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return 0, err
	}
	crowded := false
	var join func(from, to time.Time) error
	join = func(from, to time.Time) error {
		began := time.Now()
		k, err := s.joinSlice(ctx, conn, pgx.NamedArgs{
			"service": d.Service, "days": []time.Time{d.Day}, "recent": time.Unix(0, 0), "from": from, "to": to, "generation": 0, "clients": nil, "paths": nil,
		})
		if n += k; !isTooMuch(err) {
			return err
		}
		c.spent += time.Since(began)
		if to.Sub(from) <= narrowest || c.spent >= s.crowdBudget {
			crowded = true
			return nil
		}
		mid := from.Add(to.Sub(from) / 2)
		if err := join(from, mid); err != nil {
			return err
		}
		return join(mid, to)
	}
	for _, h := range hours {
		if err := join(h, h.Add(time.Hour)); err != nil {
			return n, err
		}
	}
	if crowded {
		if c.days++; c.days == 1 {
			c.first = d
		}
	}
	// Also when nothing was joined now: a run before may have been cut off here.
	return n, flatten(ctx, conn, d.Service, []time.Time{d.Day})
}

// joinSlice joins what args choose, until nothing fits, with bounds on the time that each statement takes and on records.
func (s *Store) joinSlice(ctx context.Context, conn *pgxpool.Conn, args pgx.NamedArgs) (int64, error) {
	return joinReports(ctx, bounded{conn, s.sliceBudget}, s.joinMost, args)
}

// bounded begins transactions whose statements may take so long.
type bounded struct {
	joiner
	budget string
}

// Begin begins a transaction.
func (b bounded) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := b.joiner.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '`+b.budget+`'`); err != nil {
		_ = tx.Rollback(ctx)
		return nil, err
	}
	return tx, nil
}
