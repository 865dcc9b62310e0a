package ingest_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/ingest"
	"hangup/store"
	"hangup/store/storetest"
)

// rig is a log directory, a real database, and ingest between them.
type rig struct {
	t    *testing.T
	dir  string
	pool *pgxpool.Pool
	seq  int // number of the last line that was written
	want map[int]bool
	stop func()

	gate   func(ingest.Sink) ingest.Sink // put before the database
	source ingest.Source                 // settings of the sources that are started
	limits func(*ingest.Options)         // changes what ingest works within
	status *ingest.Status                // of what was started last
}

func newRig(t *testing.T) *rig {
	t.Helper()
	t.Parallel()
	return &rig{t: t, dir: t.TempDir(), pool: storetest.New(t), want: map[int]bool{}, stop: func() {}}
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// start follows the named files; end ends that.
func (r *rig) start(names ...string) {
	r.t.Helper()
	var sources []ingest.Source
	for _, n := range names {
		s := r.source
		s.Service, s.Path, s.Pattern, s.Parser.Format = "test", r.path(n), ingest.IsPattern(n), cmp.Or(s.Parser.Format, "nginx-combined")
		sources = append(sources, s)
	}
	s := store.New(r.pool)
	var sink ingest.Sink = s
	if r.gate != nil {
		sink = r.gate(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	r.status = ingest.NewStatus()
	o := ingest.Options{
		Sources: sources, Ledger: s, Sink: sink, Log: slog.New(slog.NewTextHandler(r.t.Output(), nil)), Grace: 400 * time.Millisecond, Status: r.status,
	}
	if r.limits != nil {
		r.limits(&o)
	}
	go func() { done <- ingest.Run(ctx, o) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("ingest.Run: %v", err)
		}
	}
	r.t.Cleanup(func() { r.stop() })
}

// line makes the next log line. Each says its number, so that a lost or doubled one shows.
func (r *rig) size(name string) int64 {
	st, err := os.Stat(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return st.Size()
}

func (r *rig) line() string {
	r.seq++
	r.want[r.seq] = true
	return fmt.Sprintf("203.0.113.%d - - [%s] \"GET /n/%d HTTP/1.1\" 499 0 \"-\" \"%s\"\n",
		r.seq%250, time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"), r.seq, strings.Repeat("x", r.seq%37))
}

func (r *rig) lines(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(r.line())
	}
	return b.String()
}

// open opens a log as a server does.
func (r *rig) open(name string) *os.File {
	r.t.Helper()
	f, err := os.OpenFile(r.path(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = f.Close() })
	return f
}

func (r *rig) write(f *os.File, s string) {
	r.t.Helper()
	if _, err := f.WriteString(s); err != nil {
		r.t.Fatal(err)
	}
}

// mkdir makes directories.
func (r *rig) mkdir(names ...string) {
	r.t.Helper()
	for _, n := range names {
		if err := os.MkdirAll(r.path(n), 0o755); err != nil {
			r.t.Fatal(err)
		}
	}
}

// put writes a whole file and closes it.
func (r *rig) put(name, s string) {
	r.t.Helper()
	f, err := os.OpenFile(r.path(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err = f.WriteString(s); err == nil {
		err = f.Close()
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// state returns what the status says of the one source.
func (r *rig) state() event.SourceState {
	for _, s := range r.status.Status() {
		return s
	}
	return event.SourceState{}
}

func (r *rig) rename(from, to string) {
	r.t.Helper()
	if err := os.Rename(r.path(from), r.path(to)); err != nil {
		r.t.Fatal(err)
	}
}

// stored returns how often each line number is stored.
func (r *rig) stored() map[int]int {
	r.t.Helper()
	rows, err := r.pool.Query(context.Background(), `SELECT substring(path FROM 4)::int, count(*)::int FROM disconnect WHERE path LIKE '/n/%' GROUP BY 1`)
	if err != nil {
		r.t.Fatal(err)
	}
	got := map[int]int{}
	var k, n int
	if _, err := pgx.ForEachRow(rows, []any{&k, &n}, func() error { got[k] = n; return nil }); err != nil {
		r.t.Fatal(err)
	}
	return got
}

func (r *rig) number(sql string, args ...any) int64 {
	r.t.Helper()
	var n int64
	if err := r.pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// eventually waits until ok says so; what says what is waited for.
func (r *rig) eventually(what string, ok func() bool, explain ...func() string) {
	r.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			for _, f := range explain {
				what += "\n" + f()
			}
			r.t.Fatalf("not within 60 s: %s", what)
		}
		<-tick.C
	}
}

// generations lists what is known of the files, for a failing test.
func (r *rig) generations() string {
	rows, err := r.pool.Query(context.Background(), `SELECT format('%s %s %s off %s lines %s', generation_id, path, state, off, lines) FROM generation ORDER BY generation_id`)
	if err != nil {
		return err.Error()
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d of %d lines\n%s", len(r.stored()), len(r.want), strings.Join(list, "\n"))
}

// complete waits until every line that was written is stored, and checks that none is stored twice and that all counts
// and bytes agree.
func (r *rig) complete() {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d lines stored", len(r.want)), func() bool { return len(r.stored()) >= len(r.want) }, r.generations)
	r.audit()
}

// again stops, starts again, and waits until all that is there was looked at and told: nothing of it is read a second time.
func (r *rig) again(names ...string) {
	r.t.Helper()
	r.stop()
	before := r.generations()
	r.exec(`UPDATE source SET looked_at = NULL`)
	r.start(names...)
	r.eventually("all that is there is told", func() bool {
		return r.number(`SELECT count(*) FROM source WHERE looked_at IS NULL`) == 0
	}, r.generations)
	r.stop()
	r.complete()
	counted := func(s string) int { return strings.Count(s, "\n") }
	if after := r.generations(); counted(after) != counted(before) {
		r.t.Errorf("contents are taken for others than they were:\n%s\nthen\n%s", before, after)
	}
}

func (r *rig) audit() {
	r.t.Helper()
	got := r.stored()
	for n := range r.want {
		if got[n] == 0 {
			r.t.Errorf("line %d is lost", n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(got)) {
		if !r.want[n] {
			r.t.Errorf("line %d was never written", n)
		}
		if got[n] > 1 {
			r.t.Errorf("line %d is stored %d times", n, got[n])
		}
	}
	rows := r.number(`SELECT count(*) FROM disconnect`)
	for what, sql := range map[string]string{
		"counts by minute":         `SELECT coalesce(sum(dropped_client), 0)::bigint FROM tally`,
		"requests by minute":       `SELECT coalesce(sum(requests), 0)::bigint FROM tally`,
		"counts by client":         `SELECT coalesce(sum(dropped), 0)::bigint FROM client_tally`,
		"disconnects by file":      `SELECT coalesce(sum(disconnects), 0)::bigint FROM generation`,
		"hang-ups among activity":  `SELECT count(*) FROM activity WHERE is_drop`,
		"rows by generation, line": `SELECT count(DISTINCT (generation_id, line)) FROM disconnect`,
	} {
		if n := r.number(sql); n != rows {
			r.t.Errorf("%s: %d, but %d disconnects are stored", what, n, rows)
		}
	}
	if n := r.number(`SELECT count(*) FROM generation WHERE off <> bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize`); n != 0 {
		r.t.Errorf("%d generations whose bytes do not add up", n)
	}
	if n := r.number(`SELECT count(*) FROM generation g WHERE requests + disconnects + others + unparsed + skipped < lines AND bytes_oversize = 0`); n != 0 {
		r.t.Errorf("%d generations whose records do not cover their lines", n)
	}
}
