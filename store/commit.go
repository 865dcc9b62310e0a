package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hangup/event"
)

// Commit stores a batch and moves its generation's offset from b.Start to b.End in one transaction. It returns
// event.ErrStale, and stores nothing, when the stored offset is not b.Start or the database's epoch not b.Epoch. Any other
// error is an event.Failure and leaves open whether the batch is stored: read the offset again to know. Hang-ups whose
// values the database refuses are moved into the batch's quarantine, and the rest is stored.
func (s *Store) Commit(ctx context.Context, now time.Time, b *event.Batch) error {
	err := s.commit(ctx, now, b)
	if refused(err) && len(b.Disconnects) > 0 {
		if err := s.quarantine(ctx, now, b); err != nil {
			return fmt.Errorf("commit generation %d at %d: find the refused records: %w", b.Generation, b.Start, err)
		}
		err = s.commit(ctx, now, b)
	}
	if err != nil && !errors.Is(err, event.ErrStale) {
		s.dict.forget()
		s.days.forget()
	}
	switch {
	case errors.Is(err, event.ErrStale):
		return fmt.Errorf("commit generation %d at %d: %w", b.Generation, b.Start, err)
	case err != nil:
		return fmt.Errorf("commit generation %d at %d: %w", b.Generation, b.Start, failure(err))
	}
	return nil
}

// ids are the dictionary ids that a batch needs.
type ids struct {
	service int32
	routes  map[event.Route]int32
	agents  map[event.Agent]int32
}

func (s *Store) commit(ctx context.Context, now time.Time, b *event.Batch) error {
	s.enter(b.Epoch)
	id, err := s.batchIDs(ctx, b)
	if err != nil {
		return err
	}
	if err := s.prepareDays(ctx, now, id.service, batchDays(b)); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := advance(ctx, tx, id.service, now, b); err != nil {
			return err
		}
		if err := copyHangups(ctx, tx, id, now, b, b.Disconnects); err != nil {
			return err
		}
		if err := copyCounts(ctx, tx, id, b); err != nil {
			return err
		}
		if err := copyRest(ctx, tx, id, now, b); err != nil {
			return err
		}
		return joinBatch(ctx, tx, id.service, now, b)
	})
}

// batchIDs looks up every name of the batch.
func (s *Store) batchIDs(ctx context.Context, b *event.Batch) (ids, error) {
	service, err := s.ServiceID(ctx, b.Service)
	if err != nil {
		return ids{}, err
	}
	routes, agents := map[event.Route]bool{}, map[event.Agent]bool{}
	for i := range b.Minutes {
		routes[b.Minutes[i].Route], agents[b.Minutes[i].Agent] = true, true
	}
	for i := range b.Disconnects {
		routes[b.Disconnects[i].Route], agents[b.Disconnects[i].Agent] = true, true
	}
	for i := range b.Activity {
		routes[b.Activity[i].Route] = true
	}
	r, err := s.routeIDs(ctx, service, slices.Collect(maps.Keys(routes)))
	if err != nil {
		return ids{}, err
	}
	a, err := s.agentIDs(ctx, service, slices.Collect(maps.Keys(agents)))
	if err != nil {
		return ids{}, err
	}
	return ids{service, r, a}, nil
}

// batchDays returns the days that the batch writes to, in order.
func batchDays(b *event.Batch) []time.Time {
	set := map[time.Time]bool{}
	for i := range b.Disconnects {
		set[dayOf(b.Disconnects[i].Time)] = true
	}
	for i := range b.Minutes {
		set[dayOf(b.Minutes[i].Start)] = true
	}
	for i := range b.Clients {
		set[dayOf(b.Clients[i].Start)] = true
	}
	return slices.SortedFunc(maps.Keys(set), time.Time.Compare)
}

// advance moves the offset by compare-and-set. It comes first: it takes the row's lock, so that a second process that
// reads the same file waits, and is told that it is stale. So is a batch of an earlier epoch: its ids may be others' by now.
func advance(ctx context.Context, tx pgx.Tx, service int32, now time.Time, b *event.Batch) error {
	var last *time.Time
	if !b.LastEvent.IsZero() {
		last = &b.LastEvent
	}
	var first *time.Time
	if days := batchDays(b); len(days) > 0 {
		first = &days[0]
	}
	a := b.Accounts
	var summed bool
	err := tx.QueryRow(ctx, `UPDATE generation SET off = @end, lines = lines + @lines, size_seen = greatest(size_seen, @size),
			head_len = @head_len, head_sha256 = @head, mark_len = @mark_len, mark_sha256 = @mark,
			bytes_parsed = bytes_parsed + @parsed, bytes_skipped = bytes_skipped + @skipped_bytes,
			bytes_unparsed = bytes_unparsed + @unparsed_bytes, bytes_oversize = bytes_oversize + @oversize,
			requests = requests + @requests, disconnects = disconnects + @disconnects, others = others + @others,
			unparsed = unparsed + @unparsed, skipped = skipped + @skipped,
			committed_at = @now, last_event_at = greatest(last_event_at, @last), first_day = least(first_day, @first_day)
		WHERE service_id = @service AND generation_id = @generation AND off = @start AND (@epoch = '' OR @epoch = (`+epochNow+`)) RETURNING summed`,
		pgx.NamedArgs{
			"service": service, "epoch": b.Epoch, "generation": b.Generation, "start": b.Start, "end": b.End, "lines": b.Lines, "size": b.Size,
			"head_len": b.Head.Len, "head": b.Head.Sum, "mark_len": b.Mark.Len, "mark": b.Mark.Sum,
			"parsed": a.ParsedBytes, "skipped_bytes": a.SkippedBytes, "unparsed_bytes": a.UnparsedBytes, "oversize": a.OversizeBytes,
			"requests": a.Requests, "disconnects": a.Disconnects, "others": a.Others, "unparsed": a.Unparsed, "skipped": a.Skipped,
			"now": now, "last": last, "first_day": first,
		}).Scan(&summed)
	if errors.Is(err, pgx.ErrNoRows) {
		return event.ErrStale
	}
	if err == nil && summed {
		_, err = tx.Exec(ctx, takeFromSum, pgx.NamedArgs{
			"service": service, "generation": b.Generation, "off": b.End - b.Start, "bytes_lost": 0,
			"bytes_parsed": a.ParsedBytes, "bytes_skipped": a.SkippedBytes, "bytes_unparsed": a.UnparsedBytes, "bytes_oversize": a.OversizeBytes,
			"requests": a.Requests, "disconnects": a.Disconnects, "others": a.Others, "unparsed": a.Unparsed, "skipped": a.Skipped,
		})
	}
	if err != nil {
		return fmt.Errorf("advance the offset: %w", err)
	}
	return nil
}

var hangupColumns = []string{
	"service_id", "day", "generation_id", "off", "off_end", "line", "lines", "source_id", "at", "time_assumed", "zone_assumed", "recovered",
	"exchange", "party", "how", "phase", "route_id", "agent_id", "client", "client_port", "client_scope", "method", "path", "query",
	"protocol", "host", "status", "bytes", "duration_us", "upstream", "upstream_duration_us", "upstream_status", "user_agent",
	"referer", "request_id", "logger", "level", "pid", "message", "raw", "written_at",
}

func copyHangups(ctx context.Context, tx pgx.Tx, id ids, now time.Time, b *event.Batch, hangups []event.Hangup) error {
	if len(hangups) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"disconnect"}, hangupColumns, pgx.CopyFromSlice(len(hangups), func(i int) ([]any, error) {
		h := &hangups[i]
		return []any{
			id.service, dayOf(h.Time), b.Generation, h.Start, h.End, h.Line, h.Lines, b.Source, h.Time, h.TimeAssumed, h.ZoneAssumed, h.Recovered,
			h.Exchange, h.Party.String(), h.How.String(), h.Phase.String(), id.routes[h.Route], id.agents[h.Agent],
			text(h.Client), positive(int(h.ClientPort)), h.Scope, text(h.Method), text(h.Path), text(h.Query),
			text(h.Protocol), text(h.Host), positive(h.Status), h.Bytes.Ptr(), microseconds(h.Duration), text(h.Upstream),
			microseconds(h.UpstreamDuration), positive(h.UpstreamStatus), text(h.UserAgent),
			text(h.Referer), text(h.RequestID), text(h.Logger), text(h.Level), positive(h.PID), text(h.Message), h.Text, now,
		}, nil
	}))
	if err != nil {
		return fmt.Errorf("store disconnects: %w", err)
	}
	return nil
}

// text returns nil for an empty string: what a record does not give is NULL.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func positive(n int) *int32 {
	if n <= 0 {
		return nil
	}
	v := int32(min(n, 1<<31-1))
	return &v
}

func microseconds(d event.Opt[time.Duration]) *int64 {
	if !d.OK {
		return nil
	}
	us := d.V.Microseconds()
	return &us
}

// refused says whether the database, or pgx before it, does not take the values of a row: a fault of the data, which
// comes again at every try. A time-out of the statement has the same SQLSTATE as an encoding fault of COPY and is told
// by its message.
func refused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	class := pg.Code[:min(2, len(pg.Code))]
	return class == "22" || class == "23" || pg.Code == "54000" ||
		pg.Code == "57014" && strings.Contains(pg.Message, "unable to encode")
}

// quarantine finds the hang-ups that the database refuses, by halving, in a transaction that is rolled back, and takes
// them out of the batch.
func (s *Store) quarantine(ctx context.Context, now time.Time, b *event.Batch) error {
	id, err := s.batchIDs(ctx, b)
	if err != nil {
		return err
	}
	if err := s.prepareDays(ctx, now, id.service, batchDays(b)); err != nil && !refused(err) { // a day may be what is refused
		return err
	}
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	bad := map[int]string{}
	var try func(lo, hi int) error
	try = func(lo, hi int) error {
		err := pgx.BeginFunc(ctx, tx, func(sub pgx.Tx) error { return copyHangups(ctx, sub, id, now, b, b.Disconnects[lo:hi]) })
		switch {
		case err == nil || !refused(err):
			return err
		case hi-lo == 1:
			bad[lo] = errors.Unwrap(err).Error()
			return nil
		}
		mid := (lo + hi) / 2
		return errors.Join(try(lo, mid), try(mid, hi))
	}
	if err := try(0, len(b.Disconnects)); err != nil {
		return err
	}
	for _, i := range slices.Backward(slices.Sorted(maps.Keys(bad))) {
		b.Refuse(i, bad[i])
	}
	return nil
}
