package store

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/join"
)

// What joining asks: for reports, for the records that they may be joined to, and to join them.
var (
	//go:embed sql/join_reports.sql
	joinReportsSQL string
	//go:embed sql/join_targets.sql
	joinTargetsSQL string
	//go:embed sql/join.sql
	joinSQL string
)

// joinWindow is how long after it was stored a report may be joined still: what it belongs to may be read later than it.
const joinWindow = join.Window

// What a commit joins by itself: batches of up to joinLive hang-ups whose newest is joinRecent old at most, with reports that
// were stored within joinRecent, if it need not look at more than joinLiveMost records for that.
const (
	joinLive     = 1000
	joinLiveMost = 20_000
	joinRecent   = time.Minute
	joinPatience = 200 * time.Millisecond // with another that changes the stored hang-ups
)

// joinBudget bounds each statement of joining within a commit.
var joinBudget = "500ms"

// What is looked at together: reports of joinSpan, and no more than joinMost records, which take some 50 MB. It takes a few
// steps to find a record's own; joinSteps for each of them are too many.
const (
	joinSpan  = time.Hour
	joinMost  = 200_000
	joinSteps = 200
)

// errTooMany says that there are more records than may be looked at together.
var errTooMany = errors.New("too many hang-ups to be joined together")

// queryCanceled is the SQLSTATE of a statement that took longer than it may.
const queryCanceled = "57014"

// flattenSQL points what is joined to a joined record at the record that counts.
const flattenSQL = `UPDATE disconnect d SET joined_generation_id = p.joined_generation_id, joined_off = p.joined_off
	FROM disconnect p
	WHERE d.service_id = $1 AND d.day = ANY ($2::date[]) AND d.joined_generation_id IS NOT NULL
		AND p.service_id = $1 AND p.day BETWEEN $3::date - 1 AND $4::date + 1 AND p.day BETWEEN d.day - 1 AND d.day + 1
		AND p.generation_id = d.joined_generation_id AND p.off = d.joined_off
		AND p.joined_generation_id IS NOT NULL`

// Join joins the reports that were stored in the last minutes, of whatever time, to the records that count the same
// hang-ups, and takes them out of the counts: one hang-up counts once. Of days of which more was stored than commits have
// joined, it joins all, once that has come to rest. It returns how many reports it joined.
func (s *Store) Join(ctx context.Context, now time.Time) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT service_id, day FROM day_written WHERE written_at > $1 ORDER BY service_id, day`, now.Add(-touchEvery-5*time.Minute))
	if err != nil {
		return 0, fmt.Errorf("list days to join: %w", err)
	}
	days := map[int32][]time.Time{}
	var service int32
	var day time.Time
	if _, err = pgx.ForEachRow(rows, []any{&service, &day}, func() error {
		days[service] = append(days[service], day)
		return nil
	}); err != nil {
		return 0, fmt.Errorf("list days to join: %w", err)
	}
	for service, wanted := range days {
		// Where sessions are being decided, the next run joins.
		if _, err := s.changeHangups(ctx, service, 0, func(conn *pgxpool.Conn) error {
			k, err := s.joinSlice(ctx, conn, pgx.NamedArgs{
				"service": service, "days": wanted, "recent": now.Add(-joinWindow), "from": nil, "to": nil, "generation": 0, "clients": nil, "paths": nil,
			})
			n += k
			if isTooMuch(err) { // in slices it is little enough
				return markDue(ctx, conn.Conn(), service, 0, wanted, now)
			}
			if err == nil && k > 0 {
				err = flatten(ctx, conn, service, wanted)
			}
			return err
		}); err != nil {
			return n, fmt.Errorf("join the reports of service %d: %w", service, err)
		}
	}
	k, err := s.joinDue(ctx, now.Add(-dueRest), now.Add(-dueLongest), 0)
	return n + k, err
}

// joinBatch joins what a batch brings to what is stored, and the other way round, in the batch's own transaction: nobody
// ever sees a hang-up of the last minute twice. It does so for batches of now only, and not while another changes the
// stored hang-ups for long: the job joins what it leaves, whose days it marks. Hours become dirty under the batch's own generation, whose
// rows it has locked already, and under none in the job, so that no two wait for each other.
func joinBatch(ctx context.Context, tx pgx.Tx, service int32, now time.Time, b *event.Batch) error {
	set, clients, paths := map[time.Time]bool{}, []string{}, []string{}
	for i := range b.Disconnects {
		h := &b.Disconnects[i]
		if h.Phase == event.PhaseIdle {
			continue
		}
		for _, d := range []time.Time{dayOf(h.Time), dayOf(h.Time.Add(-joinWindow)), dayOf(h.Time.Add(joinWindow))} {
			set[d] = true
		}
		clients, paths = append(clients, h.Client), append(paths, h.Path)
	}
	if len(clients) == 0 {
		return nil
	}
	days := slices.SortedFunc(maps.Keys(set), time.Time.Compare)
	held := false
	if len(b.Disconnects) <= joinLive && now.Sub(b.LastEvent) <= joinRecent {
		var err error
		if held, err = lockBriefly(ctx, tx, service); err != nil {
			return err
		}
	}
	if !held {
		return markDue(ctx, tx, service, b.Generation, days, now)
	}
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '`+joinBudget+`'`); err != nil {
			return err
		}
		n, err := joinReports(ctx, tx, joinLiveMost, pgx.NamedArgs{
			"service": service, "days": days, "recent": now.Add(-joinRecent), "from": nil, "to": nil,
			"generation": b.Generation, "clients": clients, "paths": paths,
		})
		if err == nil && n > 0 {
			err = flatten(ctx, tx, service, days)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `SET LOCAL statement_timeout TO DEFAULT`)
		return err
	})
	if isTooMuch(err) { // what was written is not undone: the job has more time
		return markDue(ctx, tx, service, b.Generation, days, now)
	}
	if err != nil {
		return fmt.Errorf("join reports: %w", err)
	}
	return nil
}

// isTooMuch says whether there was too much to be joined together: a statement took longer than it may, or there are too
// many records.
func isTooMuch(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == queryCanceled || errors.Is(err, errTooMany)
}

// lockBriefly takes the lock on the service's hang-ups until the transaction ends, and says whether it could.
func lockBriefly(ctx context.Context, tx pgx.Tx, service int32) (held bool, err error) {
	for deadline := time.Now().Add(joinPatience); ; {
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1, $2)`, lockHangups, service).Scan(&held); err != nil {
			return false, fmt.Errorf("lock the hang-ups of service %d: %w", service, err)
		}
		if held || time.Now().After(deadline) {
			return held, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(joinPatience / 20):
		}
	}
}

// flatten points what is joined to records that are joined now at the records that count.
func flatten(ctx context.Context, conn joiner, service int32, days []time.Time) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// Both sides are all that is joined. While the day's statistics are young they look empty, and a loop over both
		// would be chosen.
		if _, err := tx.Exec(ctx, `SET LOCAL enable_nestloop = off`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, flattenSQL, service, days, slices.MinFunc(days, time.Time.Compare), slices.MaxFunc(days, time.Time.Compare))
		return err
	})
}
