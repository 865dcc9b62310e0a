package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	p := pack(id, b)
	days := p.days(b)
	if err := s.prepareDays(ctx, now, id.service, days); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := advance(ctx, tx, id.service, now, b, days); err != nil {
			return err
		}
		if err := copyHangups(ctx, tx, id, now, b, b.Disconnects); err != nil {
			return err
		}
		if err := copyCounts(ctx, tx, id.service, b.Generation, p); err != nil {
			return err
		}
		if err := copySigns(ctx, tx, id.service, now, b.Generation, p.signs); err != nil {
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
	for _, r := range b.Minutes.Routes {
		routes[r] = true
	}
	for _, g := range b.Minutes.Agents {
		agents[g] = true
	}
	for i := range b.Disconnects {
		routes[b.Disconnects[i].Route], agents[b.Disconnects[i].Agent] = true, true
	}
	for _, r := range b.Signs.Routes {
		routes[r] = true
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

// packed is what a batch counts, and its signs of life, as they are stored.
type packed struct {
	minutes []minuteBlock
	clients []clientBlock
	signs   []byte
}

func pack(id ids, b *event.Batch) *packed {
	return &packed{packMinutes(id, b.Minutes), packClients(b.Clients), packSigns(id, b.Signs)}
}

// days returns the days that the batch writes to, in order.
func (p *packed) days(b *event.Batch) []time.Time {
	set := map[time.Time]bool{}
	for i := range b.Disconnects {
		set[dayOf(b.Disconnects[i].Time)] = true
	}
	for i := range p.minutes {
		set[dayOf(p.minutes[i].hour)] = true
	}
	for i := range p.clients {
		set[dayOf(p.clients[i].hour)] = true
	}
	return slices.SortedFunc(maps.Keys(set), time.Time.Compare)
}

// advance moves the offset by compare-and-set. It comes first: it takes the row's lock, so that a second process that
// reads the same file waits, and is told that it is stale. So is a batch of an earlier epoch: its ids may be others' by now.
func advance(ctx context.Context, tx pgx.Tx, service int32, now time.Time, b *event.Batch, days []time.Time) error {
	var last *time.Time
	if !b.LastEvent.IsZero() {
		last = &b.LastEvent
	}
	var first *time.Time
	if len(days) > 0 {
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
	err := copyRows(ctx, tx, "disconnect", hangupColumns, len(hangups), func(w *copyWriter, i int) {
		h := &hangups[i]
		w.int4(id.service)
		w.date(dayOf(h.Time))
		w.int8(b.Generation)
		w.int8(h.Start)
		w.int8(h.End)
		w.int8(h.Line)
		w.int4(int32(h.Lines))
		w.int8(b.Source)
		w.time(h.Time)
		w.bool(h.TimeAssumed)
		w.bool(h.ZoneAssumed)
		w.bool(h.Recovered)
		w.bool(h.Exchange)
		w.text(h.Party.String())
		w.text(h.How.String())
		w.text(h.Phase.String())
		w.int4(id.routes[h.Route])
		w.int4(id.agents[h.Agent])
		w.given(h.Client)
		w.positive(int(h.ClientPort))
		w.text(h.Scope)
		w.given(h.Method)
		w.given(h.Path)
		w.given(h.Query)
		w.given(h.Protocol)
		w.given(h.Host)
		w.positive(h.Status)
		if h.Bytes.OK {
			w.int8(h.Bytes.V)
		} else {
			w.null()
		}
		w.microseconds(h.Duration)
		w.given(h.Upstream)
		w.microseconds(h.UpstreamDuration)
		w.positive(h.UpstreamStatus)
		w.given(h.UserAgent)
		w.given(h.Referer)
		w.given(h.RequestID)
		w.given(h.Logger)
		w.given(h.Level)
		w.positive(h.PID)
		w.given(h.Message)
		w.raw(h)
		w.time(now)
	})
	if err != nil {
		return fmt.Errorf("store disconnects: %w", err)
	}
	return nil
}

// refused says whether the database does not take the values of a row: a fault of the data, which comes again at every
// try.
func refused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	class := pg.Code[:min(2, len(pg.Code))]
	return class == "22" || class == "23" || pg.Code == "54000"
}

// quarantine finds the hang-ups that the database refuses, by halving, in a transaction that is rolled back, and takes
// them out of the batch.
func (s *Store) quarantine(ctx context.Context, now time.Time, b *event.Batch) error {
	id, err := s.batchIDs(ctx, b)
	if err != nil {
		return err
	}
	if err := s.prepareDays(ctx, now, id.service, pack(id, b).days(b)); err != nil && !refused(err) { // a day may be what is refused
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
	b.Refuse(bad)
	return nil
}
