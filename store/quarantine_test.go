package store_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hangup/event"
	"hangup/store/storetest/fill"
)

// poison are values that get past nobody but a defect of ours, and that PostgreSQL or pgx refuses.
var poison = map[string]func(h *event.Hangup){
	"NUL in the message":       func(h *event.Hangup) { h.Message = "a\x00b" },
	"invalid UTF-8 in the raw": func(h *event.Hangup) { h.Text = "a\xffb" },
	"NUL in the client":        func(h *event.Hangup) { h.Client = "192.0.2.1\x00" },
	"year 300000":              func(h *event.Hangup) { h.Time = time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC) },
	"10000 years ago":          func(h *event.Hangup) { h.Time = time.Date(-8000, 1, 1, 0, 0, 0, 0, time.UTC) },
	"a huge client":            func(h *event.Hangup) { h.Client = noise(20_000) },
}

// noise is text that does not compress.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 1))
	var out strings.Builder
	for range n {
		out.WriteByte(byte('a' + r.IntN(26)))
	}
	return out.String()
}

// TestPoisonIsQuarantined puts records with refused values among good ones: they alone are kept out, and nothing counts them.
func TestPoisonIsQuarantined(t *testing.T) {
	t.Parallel()
	for what, spoil := range poison {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			pool, st := open(t)
			src := fill.Open(t, st, "shop", "/var/log/shop.log")
			records := traffic(rand.New(rand.NewPCG(11, 12)), 300, begin, 2*time.Hour)
			bad := map[int]bool{0: true, 150: true, 151: true, 299: true}
			good := int64(0)
			for i := range records {
				if bad[i] { // in the minute and of the client of good ones, but for what is spoilt
					records[i] = hangUp(records[2].Time, records[2].Client, records[2].Path)
					records[i].Agent, records[i].Bytes = records[2].Agent, event.Some[int64](100)
					spoil(&records[i])
				} else if records[i].Kind == event.Disconnect {
					good++
				}
			}
			b := signs(src.Batch(records...))
			check(t, st.Commit(t.Context(), begin.Add(3*time.Hour), b))
			checkCounts(t, pool)
			wantNumber(t, pool, 0, `SELECT count(*) FROM client_tally WHERE requests = 0 AND dropped = 0 AND reported = 0 AND idle = 0`)
			wantNumber(t, pool, good, `SELECT count(*) FROM disconnect`)
			wantNumber(t, pool, 4, `SELECT count(*) FROM quarantine WHERE off IN (0, 15000, 15100, 29900) AND off_end = off + 100 AND reason <> '' AND line = off / 100 + 1`)
			wantNumber(t, pool, 400, `SELECT bytes_unparsed FROM generation`)
			wantNumber(t, pool, 4, `SELECT unparsed FROM generation`)
			wantNumber(t, pool, number(t, pool, `SELECT count(*) FROM disconnect WHERE client IS NOT NULL AND phase <> 'idle'`), `SELECT count(*) FROM activity`)
			wantNumber(t, pool, 1, `SELECT count(*) FROM generation WHERE last_event_at BETWEEN $1 AND $2`, begin, begin.Add(2*time.Hour))
			// The ages of the refused are taken back, too.
			var left event.Histogram
			for m := range b.Minutes.All(true) {
				left.Merge(&m.Drop)
			}
			with := number(t, pool, `SELECT count(*) FROM disconnect WHERE exchange AND phase <> 'idle' AND duration_us IS NOT NULL`)
			if left.Count() != with {
				t.Errorf("%d ages of drops are counted of %d", left.Count(), with)
			}
		})
	}
}

// TestWrongAccountIsRefused commits batches whose bytes do not add up.
func TestWrongAccountIsRefused(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	for name, records := range map[string][]event.Hangup{
		"with a hang-up":   {hangUp(begin, "192.0.2.1", "/a")},
		"with a request":   {{Record: event.Record{Event: event.Event{Kind: event.Request, Exchange: true, Time: begin}}}},
		"without a record": nil,
	} {
		b := src.Batch(records...)
		b.Start, b.End = 0, b.End-b.Start
		b.Accounts.SkippedBytes++
		err := st.Commit(t.Context(), begin, b)
		pg, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || pg.ConstraintName != "every_byte_is_accounted_for" {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantNumber(t, pool, 0, `SELECT off + (SELECT count(*) FROM disconnect) + (SELECT count(*) FROM tally) + (SELECT count(*) FROM quarantine) FROM generation`)
}
