package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// mergeDelay is how long after its end a minute's rows are merged.
const mergeDelay = 30 * time.Second

// lockRewriting is the class of the advisory locks under which rows of counts are taken out and written anew.
const lockRewriting = 0x68616e67 // "hang"

// lockRows lets one transaction at a time rewrite the counts of a service. A second one that waited for the rows would
// find them gone, and not see what is there in their place.
func lockRows(ctx context.Context, tx pgx.Tx, service int32) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, $2)`, lockRewriting, service); err != nil {
		return fmt.Errorf("lock the counts of service %d: %w", service, err)
	}
	return nil
}

// MergeMinutes merges the rows that commits have appended to the minutes of the last two hours, and to their clients, so
// that questions read few rows. Rows that a commit adds meanwhile stay as they are. It returns how many minutes it merged.
func (s *Store) MergeMinutes(ctx context.Context, now time.Time) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT service_id, minute FROM tally WHERE minute >= $1 AND minute <= $2 AND day >= $3
		GROUP BY service_id, minute HAVING count(*) > count(DISTINCT (route_id, agent_id)) ORDER BY minute, service_id`,
		now.Add(-2*time.Hour), now.Add(-time.Minute-mergeDelay), dayOf(now.Add(-2*time.Hour)))
	if err != nil {
		return 0, fmt.Errorf("list minutes to merge: %w", err)
	}
	minutes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[serviceHour])
	if err != nil {
		return 0, fmt.Errorf("list minutes to merge: %w", err)
	}
	for _, m := range minutes {
		minute := m.Hour.UTC()
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := lockRows(ctx, tx, m.Service); err != nil {
				return err
			}
			t := tallies{}
			rows, err := tx.Query(ctx, `DELETE FROM tally WHERE service_id = $1 AND day = $2 AND minute = $3 RETURNING minute, `+countColumns,
				m.Service, dayOf(minute), minute)
			if err == nil {
				err = t.mergeRows(rows, true)
			}
			if err != nil {
				return err
			}
			return t.copyTo(ctx, tx, "tally", tallyColumns[:3], func(k tallyKey) []any { return []any{m.Service, dayOf(minute), k.minute} })
		})
		if err != nil {
			return n, fmt.Errorf("merge minute %s of service %d: %w", minute.Format(time.RFC3339), m.Service, err)
		}
		n++
	}
	return n, s.mergeOpenHours(ctx, now)
}

// mergeOpenHours merges the client rows of the hours that are not over, where there are many for a client.
func (s *Store) mergeOpenHours(ctx context.Context, now time.Time) error {
	rows, err := s.pool.Query(ctx, `SELECT service_id, hour FROM client_tally WHERE hour >= $1 AND day >= $2
		GROUP BY service_id, hour HAVING count(*) > 2 * count(DISTINCT client) + 1000`, now.Add(-2*time.Hour), dayOf(now.Add(-2*time.Hour)))
	if err != nil {
		return fmt.Errorf("list client hours to merge: %w", err)
	}
	hours, err := pgx.CollectRows(rows, pgx.RowToStructByPos[serviceHour])
	if err != nil {
		return fmt.Errorf("list client hours to merge: %w", err)
	}
	for _, h := range hours {
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := lockRows(ctx, tx, h.Service); err != nil {
				return err
			}
			return mergeClients(ctx, tx, h.Service, h.Hour.UTC(), false)
		})
		if err != nil {
			return fmt.Errorf("merge clients of hour %s: %w", h.Hour.UTC().Format(time.RFC3339), err)
		}
	}
	return nil
}

// How many clients an hour that is over keeps: those that hung up most, and of the others those that asked most. An
// attacker chooses how many clients there are.
const (
	keepHangups  = 10_000
	keepRequests = 1_000
)

// OtherClients is the name under which the clients are counted that an hour does not keep one by one.
const OtherClients = "(other)"

type clientRow struct {
	Client, Scope                              string
	Clients, Requests, Dropped, Reported, Idle int64
	LastSeen                                   time.Time
}

// mergeClients merges the rows of each client in an hour. With cut, the clients over the limits become OtherClients.
func mergeClients(ctx context.Context, tx pgx.Tx, service int32, hour time.Time, cut bool) error {
	rows, err := tx.Query(ctx, `DELETE FROM client_tally WHERE service_id = $1 AND day = $2 AND hour = $3
		RETURNING client, client_scope, clients, requests, dropped, reported, idle, last_seen_at`, service, dayOf(hour), hour)
	if err != nil {
		return err
	}
	merged := map[string]*clientRow{}
	var r clientRow
	_, err = pgx.ForEachRow(rows, []any{&r.Client, &r.Scope, &r.Clients, &r.Requests, &r.Dropped, &r.Reported, &r.Idle, &r.LastSeen}, func() error {
		have := merged[r.Client]
		if have == nil {
			c := r
			merged[r.Client] = &c
			return nil
		}
		have.add(r)
		return nil
	})
	if err != nil {
		return err
	}
	list := slices.SortedFunc(maps.Values(merged), func(a, b *clientRow) int {
		return cmp.Or(cmp.Compare(b.Dropped+b.Reported, a.Dropped+a.Reported), cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Client, b.Client))
	})
	if cut {
		list = cutClients(list)
	}
	columns := []string{"service_id", "day", "hour", "client", "client_scope", "clients", "requests", "dropped", "reported", "idle", "last_seen_at"}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"client_tally"}, columns, pgx.CopyFromSlice(len(list), func(i int) ([]any, error) {
		c := list[i]
		return []any{service, dayOf(hour), hour, c.Client, c.Scope, c.Clients, c.Requests, c.Dropped, c.Reported, c.Idle, c.LastSeen}, nil
	}))
	return err
}

func (c *clientRow) add(r clientRow) {
	if c.Client == OtherClients { // else the rows are of one client
		c.Clients += r.Clients
	}
	c.Requests += r.Requests
	c.Dropped += r.Dropped
	c.Reported += r.Reported
	c.Idle += r.Idle
	if r.LastSeen.After(c.LastSeen) {
		c.LastSeen = r.LastSeen
	}
}

// cutClients keeps the first keepHangups clients with hang-ups and the first keepRequests without, and adds the others up.
// list is in falling order of hang-ups, then of requests.
func cutClients(list []*clientRow) []*clientRow {
	var kept []*clientRow
	var other *clientRow
	hangups, quiet := 0, 0
	for _, c := range list {
		keep := false
		switch {
		case c.Client == OtherClients:
		case c.Dropped+c.Reported > 0:
			hangups++
			keep = hangups <= keepHangups
		default:
			quiet++
			keep = quiet <= keepRequests
		}
		switch {
		case keep:
			kept = append(kept, c)
		case other == nil:
			o := *c
			o.Client, o.Scope = OtherClients, ""
			other = &o
		default:
			other.add(*c)
		}
	}
	if other != nil {
		kept = append(kept, other)
	}
	return kept
}
