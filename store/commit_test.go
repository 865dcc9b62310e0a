package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// signs gives a batch the signs of life that the reader would: every hang-up of a client.
func signs(b *event.Batch) *event.Batch {
	var list []event.Activity
	for i := range b.Disconnects {
		if h := &b.Disconnects[i]; h.Client != "" && h.Phase != event.PhaseIdle {
			list = append(list, event.Activity{Time: h.Time, Client: h.Client, AgentHash: 7, Route: h.Route, Drop: true, Off: h.Start})
		}
	}
	b.Signs = event.SignsOf(list)
	return b
}

// hangUp is one dropped exchange.
func hangUp(at time.Time, client, path string) event.Hangup {
	h := event.Hangup{Scope: "public"}
	h.Exchange, h.Party, h.How, h.Phase = true, event.PartyClient, event.HowClosed, event.PhaseWaiting
	h.Time, h.Client, h.Method, h.Path, h.Status = at, client, "GET", path, 499
	h.Duration = event.Some(1500 * time.Millisecond)
	return h
}

// TestCommitStoresAllOfABatch looks for every part of a batch in its table.
func TestCommitStoresAllOfABatch(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	b := signs(src.Batch(traffic(rand.New(rand.NewPCG(3, 4)), 800, begin, 30*time.Hour)...))
	b.Unparsed = []event.Sample{{Off: 1, Line: 1, Reason: event.NoFormat, Text: "who knows"}}
	b.Quarantine = []event.Quarantine{{Off: 2, End: 3, Line: 1, Reason: "no\x00", Text: "bad \xff"}}
	b.Head, b.Mark = event.Print{Len: 5, Sum: []byte("head")}, event.Print{Len: 4, Sum: []byte("mark")}
	check(t, st.Commit(t.Context(), begin.Add(31*time.Hour), b))

	checkCounts(t, pool)
	wantNumber(t, pool, int64(len(b.Disconnects)), `SELECT count(*) FROM disconnect`)
	wantNumber(t, pool, int64(len(b.Signs.List())), `SELECT count(*) FROM activity WHERE is_drop AND agent_hash = 7`)
	wantNumber(t, pool, 1, `SELECT count(*) FROM unparsed_sample WHERE text = 'who knows' AND reason = 'no_format'`)
	wantNumber(t, pool, 1, `SELECT count(*) FROM quarantine WHERE text = U&'bad \FFFD'`)
	wantNumber(t, pool, number(t, pool, `SELECT count(DISTINCT date_trunc('hour', minute)) FROM tally`), `SELECT count(*) FROM dirty_hour`)
	var requests, bytes int64
	for m := range b.Minutes.All(false) {
		requests, bytes = requests+m.Counts.Requests, bytes+m.Counts.Bytes
	}
	wantNumber(t, pool, requests, `SELECT sum(requests)::bigint FROM tally`)
	wantNumber(t, pool, bytes, `SELECT sum(bytes)::bigint FROM tally`)
	g, err := st.Generation(t.Context(), "shop", src.Generation)
	check(t, err)
	if g.Off != b.End || g.Lines != 800 || g.Head.Len != 5 || string(g.Mark.Sum) != "mark" || g.SizeSeen != b.End {
		t.Errorf("the generation is stored as %+v", g)
	}

	// Every column of one hang-up with all values, and of one with none.
	full := hangUp(begin, "192.0.2.7", "/full")
	full.ClientPort, full.Query, full.Protocol, full.Host = 4711, "a=1", "HTTP/1.1", "example.org"
	full.Bytes, full.Upstream, full.UpstreamDuration, full.UpstreamStatus = event.Some[int64](0), "10.0.0.1:80", event.Some(2*time.Microsecond), 502
	full.UserAgent, full.Referer, full.RequestID, full.Logger, full.Level, full.PID = "curl/8", "http://x/", "id-1", "app", "info", 12
	full.Message, full.TimeAssumed, full.ZoneAssumed, full.Recovered, full.Text = "gone", true, true, true, "raw text"
	bare := event.Hangup{}
	bare.Time, bare.Party, bare.How, bare.Phase = begin, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown
	off := src.Add(t, full, bare)
	var set, unset int64
	check(t, pool.QueryRow(t.Context(), `
		SELECT count(*) FILTER (WHERE off = $1), count(*) FILTER (WHERE off = $2)
		FROM disconnect d, jsonb_each(to_jsonb(d)) v WHERE v.value <> 'null'`, off, off+100).Scan(&set, &unset))
	if columns := number(t, pool, `SELECT count(*) FROM information_schema.columns WHERE table_name = 'disconnect'`); set != columns-3 {
		t.Errorf("%d of %d columns are set, want all but joined_* and outcome", set, columns)
	}
	if nullable := number(t, pool, `SELECT count(*) FROM information_schema.columns WHERE table_name = 'disconnect' AND is_nullable = 'YES'`); unset != set+3-nullable {
		t.Errorf("%d columns of a bare record are set", unset)
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM disconnect WHERE off = $1 AND client_port = 4711 AND bytes = 0 AND duration_us = 1500000 AND upstream_duration_us = 2
		AND status = 499 AND upstream_status = 502 AND pid = 12 AND path = '/full' AND raw_of(disconnect) = 'raw text' AND time_assumed AND zone_assumed AND recovered AND exchange`, off)
	wantNumber(t, pool, 1, `SELECT count(*) FROM disconnect WHERE off = $1 AND NOT recovered`, off+100)
}

// TestCommitIsFenced commits one batch twice, and from two stores at once.
func TestCommitIsFenced(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	now := begin.Add(time.Hour)
	r := rand.New(rand.NewPCG(5, 6))
	first := signs(src.Batch(traffic(r, 50, begin, time.Hour)...))
	check(t, st.Commit(t.Context(), now, first))
	stored := rowsOf(t, pool, `SELECT * FROM tally UNION ALL SELECT * FROM tally`)
	if err := st.Commit(t.Context(), now, first); !errors.Is(err, event.ErrStale) {
		t.Errorf("the same batch again gives %v", err)
	}
	if again := rowsOf(t, pool, `SELECT * FROM tally UNION ALL SELECT * FROM tally`); !slices.Equal(stored, again) {
		t.Error("a stale batch changed the counts")
	}
	checkCounts(t, pool)

	other := store.New(pool)
	for range 10 {
		b := signs(src.Batch(traffic(r, 50, begin, time.Hour)...))
		var wg sync.WaitGroup
		results := make([]error, 4)
		for i := range results {
			wg.Go(func() {
				copied := *b
				results[i] = []*store.Store{st, other}[i%2].Commit(t.Context(), now, &copied)
			})
		}
		wg.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else if !errors.Is(err, event.ErrStale) {
				t.Errorf("a commit that came second gives %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 4 commits of one batch won", won)
		}
	}
	checkCounts(t, pool)
	wantNumber(t, pool, 11*50*100, `SELECT off FROM generation`)
}

// cutter ends the backend of a commit after its n-th statement.
type cutter struct {
	after int
	kill  func(pid uint32)
}

func (c *cutter) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return c.start(ctx, conn, data.SQL)
}

func (c *cutter) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	return c.start(ctx, conn, strings.Join(data.TableName, "."))
}

func (c *cutter) start(ctx context.Context, conn *pgx.Conn, _ string) context.Context {
	if c.after == 0 {
		c.kill(conn.PgConn().PID())
	}
	c.after--
	return ctx
}

func (c *cutter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData)       {}
func (c *cutter) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}

// TestCommitIsCutOff ends the backend before each statement of a commit in turn: all or nothing is stored, the offset
// tells which, and the next try goes on from there.
func TestCommitIsCutOff(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	r := rand.New(rand.NewPCG(7, 8))
	src.Add(t, traffic(r, 20, begin, time.Hour)...)
	b := signs(src.Batch(traffic(r, 40, begin, 49*time.Hour)...))
	b.Unparsed = []event.Sample{{Off: 1, Line: 1, Reason: event.NoFormat, Text: "x"}}
	b.Quarantine = []event.Quarantine{{Off: 2, End: 3, Line: 1, Reason: "x", Text: "x"}}

	cuts := 0
	for n := 0; ; n++ {
		c := &cutter{after: n, kill: func(pid uint32) { exec(t, pool, `SELECT pg_terminate_backend($1, 5000)`, int64(pid)) }}
		config := pool.Config()
		config.MaxConns, config.ConnConfig.Tracer = 1, c
		cut, err := pgxpool.NewWithConfig(t.Context(), config)
		check(t, err)
		err = store.New(cut).Commit(t.Context(), begin, b)
		cut.Close()
		if c.after >= 0 { // the commit was over before its turn
			check(t, err)
			break
		}
		cuts++
		if err == nil || errors.Is(err, event.ErrStale) {
			t.Fatalf("a commit cut off before its statement %d gives %v", n, err)
		}
		off := number(t, pool, `SELECT off FROM generation`)
		if off != b.Start {
			t.Fatalf("cut off before its statement %d, it moved the offset to %d", n, off)
		}
		checkCounts(t, pool)
		wantNumber(t, pool, 0, `SELECT (SELECT count(*) FROM unparsed_sample) + (SELECT count(*) FROM quarantine) + (SELECT count(*) FROM activity)`)
	}
	if cuts < 12 {
		t.Errorf("only %d places to cut a commit were found", cuts)
	}
	wantNumber(t, pool, b.End, `SELECT off FROM generation`)
	checkCounts(t, pool)
}

// deaf is a connection whose reader learns nothing of what the server says to COMMIT.
type deaf struct {
	net.Conn
	advanced, committing atomic.Bool
	committed            func()
}

func (d *deaf) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("UPDATE generation SET off")) { // this is the transaction of the batch
		d.advanced.Store(true)
	}
	if d.advanced.Load() && bytes.Contains(b, []byte("commit\x00")) {
		d.committing.Store(true)
	}
	return d.Conn.Write(b)
}

func (d *deaf) Read(b []byte) (int, error) {
	if d.committing.Load() {
		d.committed()
		return 0, io.ErrUnexpectedEOF
	}
	return d.Conn.Read(b)
}

// TestCommitWithOutcomeUnknown loses the answer to COMMIT: the batch is stored, Commit says that it does not know, the
// offset tells, and the batch is stale.
func TestCommitWithOutcomeUnknown(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	hangups := traffic(rand.New(rand.NewPCG(9, 9)), 40, begin, time.Hour)
	src.Add(t, hangups...)
	b := signs(src.Batch(hangups...))
	config := pool.Config()
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &deaf{Conn: conn, committed: func() {
			until(t, func() bool { return number(t, pool, `SELECT off FROM generation`) == b.End })
		}}, nil
	}
	cut, err := pgxpool.NewWithConfig(t.Context(), config)
	check(t, err)
	defer cut.Close()
	other := store.New(cut)
	if err := other.Commit(t.Context(), begin, b); err == nil || errors.Is(err, event.ErrStale) {
		t.Errorf("a commit whose answer is lost gives %v", err)
	}
	checkCounts(t, pool)
	if err := st.Commit(t.Context(), begin, b); !errors.Is(err, event.ErrStale) {
		t.Errorf("the same batch again gives %v", err)
	}
	checkCounts(t, pool)
}

// until waits until is holds, and fails when that takes longer than anything should.
func until(tb testing.TB, is func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			tb.Fatal("waited for 30 s in vain")
		}
	}
}
