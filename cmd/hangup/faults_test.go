package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// seedOf returns the seed of a random test: HANGUP_TEST_SEED's, or a new one. It is printed.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("HANGUP_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("HANGUP_TEST_SEED=%d", seed)
	return seed
}

// load writes to a log all the time, and now and then rotates it, until end is called.
type load struct {
	*writer
	end    func()
	rotate func() // waits until it is rotated once
}

// newLoad waits until the database knows the log, which is there already: what was rotated away before is not read.
func newLoad(t *testing.T, seed uint64, db *server, path string) *load {
	t.Helper()
	w := newWriter(t, seed, path, false)
	w.write(1)
	eventually(t, "the log is known", func() bool {
		return db.number(fmt.Sprintf(`SELECT count(*) FROM generation WHERE path = '%s'`, path)) > 0
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	turn := make(chan struct{})
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				w.flush()
				return
			case <-turn:
				w.rotate()
				turn <- struct{}{}
			case <-tick.C:
			}
			w.write(1 + w.r.IntN(10))
			if w.r.IntN(400) == 0 {
				w.rotate()
			}
		}
	})
	l := &load{w, func() { cancel(); wg.Wait() }, func() { turn <- struct{}{}; <-turn }}
	t.Cleanup(l.end)
	return l
}

// moves waits until more is stored than now.
func moves(t *testing.T, db *server, p *process) {
	t.Helper()
	const stored = `SELECT coalesce(sum(off), 0)::bigint FROM generation`
	before := db.number(stored)
	eventually(t, "more is stored", func() bool { return db.number(stored) > before }, p.log.String)
}

// settled waits until all that the loads have written is stored, and audits it: each line once, each byte, each count.
func settled(t *testing.T, db *server, p *process, loads ...*load) {
	t.Helper()
	var lines, drops int64
	for _, l := range loads {
		l.end()
		lines, drops = lines+int64(l.n), drops+int64(l.n/2)
	}
	eventually(t, "every line is stored", func() bool {
		return db.number(`SELECT coalesce(sum(requests + disconnects), 0)::bigint FROM generation`) >= lines
	}, p.log.String, func() string { return explain(t, db, filepath.Dir(loads[0].path)) })
	for _, l := range loads {
		audit(t, db.conn(), l.writer)
	}
	if t.Failed() {
		t.Logf("%s\nlog:\n%s", explain(t, db, filepath.Dir(loads[0].path)), p.log)
	}
	if s := p.summary("?from=now-1h&to=now"); s.Requests != lines || s.Disconnects != drops {
		t.Errorf("the API says %d requests and %d disconnects; %d and %d were written", s.Requests, s.Disconnects, lines, drops)
	}
	t.Logf("%d lines", lines)
}

// TestDatabaseFaults puts one fault after the other into the database while a log is written and rotated. The process
// must live and go on after each, and at the end all must be stored once.
func TestDatabaseFaults(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	db := newServer(t)
	path := t.TempDir() + "/a.log"
	p := startServe(t, db.URL(), path)
	l := newLoad(t, seedOf(t), db, path)
	slow := func() (n int) { // batches that took a second
		_, body := p.get("/metrics")
		return sumOf(body, `hangup_source_batch_duration_seconds_count{`) - sumOf(body, `hangup_source_batch_duration_seconds_bucket{`, `le="0.5"`)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.conn().Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	// failed says whether an attempt to store a batch has failed by a fault of this class since it was made.
	failed := func(class event.Class) func() bool {
		before := p.retries(class)
		return func() bool { return p.retries(class) > before }
	}
	// trigger runs a statement of PL/pgSQL in each transaction that stores a batch, until batches have met it.
	trigger := func(body string, met func() bool) {
		t.Helper()
		exec(`CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ` + body + ` RETURN NEW; END $f$`)
		exec(`CREATE TRIGGER fault BEFORE UPDATE OF off ON generation FOR EACH ROW EXECUTE FUNCTION fault()`)
		eventually(t, "batches meet the fault: "+body, met, p.log.String)
		// The lock waits for whoever holds the row; ours is the only other work.
		exec(`DROP TRIGGER fault ON generation`)
	}
	for _, fault := range []struct {
		name  string
		class event.Class // of the attempts that fail by it; "" for none
		run   func()
	}{
		{"each commit takes a second", "", func() {
			before, retries := slow(), p.retries(event.Classes()...)
			trigger(`PERFORM pg_sleep(1);`, func() bool { return slow()-before >= 2 })
			if n := p.retries(event.Classes()...) - retries; n > 0 {
				t.Errorf("%d attempts to store a batch failed because it takes long", n)
			}
		}},
		{"each second commit fails to serialize", event.Conflict, func() {
			trigger(`IF random() < 0.5 THEN RAISE EXCEPTION 'fault' USING ERRCODE = '40001'; END IF;`, failed(event.Conflict))
		}},
		{"a transaction that rests for a millisecond is cut", event.TooSlow, func() {
			trigger(`PERFORM set_config('idle_in_transaction_session_timeout', '1ms', true);`, failed(event.TooSlow))
		}},
		{"the disconnects are locked for longer than a commit waits", event.Conflict, func() {
			met := failed(event.Conflict)
			err := pgx.BeginFunc(t.Context(), db.conn(), func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), `LOCK TABLE disconnect IN ACCESS EXCLUSIVE MODE`)
				eventually(t, "a batch waits for too long", met, p.log.String)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}},
		{"a process of the server is killed, and it recovers", "", func() {
			pid := db.number(`SELECT pid FROM pg_stat_activity WHERE application_name = 'hangup ingest' LIMIT 1`)
			ours := db.conn()
			if err := syscall.Kill(int(pid), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the server has ended all sessions", func() bool { return ours.Ping(t.Context()) != nil })
		}},
		{"a later version's migration changes the tables", "", func() {
			exec(`ALTER TABLE generation ADD COLUMN later text NOT NULL DEFAULT 'x'`)
			exec(`ALTER TABLE disconnect ADD COLUMN later integer`)
			exec(`ALTER TABLE source ADD COLUMN later integer`)
			exec(`CREATE INDEX later ON disconnect (service_id, later)`)
		}},
		{"deadlock with another session", event.Conflict, func() { deadlock(t, db) }},
		{"no connection is left", event.NoResources, func() { exhaust(t, db, p) }},
	} {
		t.Log(fault.name)
		moves(t, db, p)
		before := p.retries(fault.class)
		fault.run()
		moves(t, db, p)
		if fault.class != "" {
			eventually(t, fault.name+": a batch met it", func() bool { return p.retries(fault.class) > before }, func() string {
				_, body := p.get("/metrics")
				return strings.Join(regexp.MustCompile(`(?m)^hangup_source_retries_total.*$`).FindAllString(body, -1), "\n")
			}, p.log.String)
		}
		if code, body := p.get("/healthz"); code != http.StatusOK {
			t.Errorf("/healthz after %q: %d %s", fault.name, code, body)
		}
	}
	settled(t, db, p, l)
	p.stop()
}

// retries returns how many attempts to store a batch failed by faults of these classes.
func (p *process) retries(classes ...event.Class) (n int) {
	p.t.Helper()
	_, body := p.get("/metrics")
	for _, c := range classes {
		n += sumOf(body, `hangup_source_retries_total{`, fmt.Sprintf(`class="%s"`, c))
	}
	return n
}

// sumOf adds up the values of the metrics whose lines begin and go on like this.
func sumOf(metrics, begin string, with ...string) (sum int) {
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, begin) || slices.ContainsFunc(with, func(s string) bool { return !strings.Contains(line, s) }) {
			continue
		}
		fields := strings.Fields(line)
		n, _ := strconv.ParseFloat(fields[len(fields)-1], 64)
		sum += int(n)
	}
	return sum
}

// deadlock takes what a commit takes in the opposite order, until one of the two is chosen as the victim.
func deadlock(t *testing.T, db *server) {
	t.Helper()
	const victims = `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`
	before := db.number(victims)
	eventually(t, "a deadlock", func() bool {
		// Our session gives up late, so that the commit is the one that PostgreSQL ends.
		_ = pgx.BeginFunc(t.Context(), db.conn(), func(tx pgx.Tx) error {
			for _, sql := range []string{
				`SET LOCAL deadlock_timeout = '20s'`,
				`LOCK TABLE disconnect IN ACCESS EXCLUSIVE MODE`,
				`SELECT pg_sleep(0.3)`, // a commit has its generation now, and waits for us
				`UPDATE generation SET size_seen = size_seen`,
			} {
				if _, err := tx.Exec(t.Context(), sql); err != nil {
					return err
				}
			}
			return nil
		})
		return db.number(victims) > before
	})
}

// exhaust takes every connection that the server gives, those of hangup too, until hangup says that it has none and could not
// store a batch for that.
func exhaust(t *testing.T, db *server, p *process) {
	t.Helper()
	ours, before := db.conn(), p.retries(event.NoResources)
	var taken []*pgx.Conn
	defer func() {
		for _, c := range taken {
			_ = c.Close(context.Background())
		}
	}()
	eventually(t, "hangup has no connection", func() bool {
		if _, err := ours.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hangup%'`); err != nil {
			t.Fatal(err)
		}
		for {
			c, err := pgx.Connect(t.Context(), db.URL())
			if err != nil {
				break
			}
			taken = append(taken, c)
		}
		code, _ := p.get("/readyz")
		return code == http.StatusServiceUnavailable && p.retries(event.NoResources) > before
	}, p.log.String)
	if len(taken) == 0 {
		t.Error("no connection was free to be taken")
	}
	if code, body := p.get("/api/v1/summary"); code != http.StatusServiceUnavailable {
		t.Errorf("summary without a connection: %d %s", code, body)
	}
}

// TestStopAndGo stops one of two instances by SIGSTOP while the other goes on, wakes it, and ends both by SIGTERM at
// random moments: the sleeper's batch is stale when it wakes, and each ends in time, with code 0.
func TestStopAndGo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes twenty seconds")
	}
	db := newServer(t)
	seed := seedOf(t)
	r := rand.New(rand.NewPCG(seed, 300))
	path := t.TempDir() + "/a.log"
	p := [2]*process{startServe(t, db.URL(), path), startServe(t, db.URL(), path)}
	l := newLoad(t, seed, db, path)
	fenced := 0
	for round := range 6 {
		sleeper, other := p[round%2], p[1-round%2]
		moves(t, db, other)
		sleeper.signal(syscall.SIGSTOP)
		pause(t.Context(), time.Duration(200+r.IntN(1300))*time.Millisecond)
		moves(t, db, other)
		sleeper.signal(syscall.SIGCONT)
		pause(t.Context(), time.Duration(r.IntN(400))*time.Millisecond)
		_, metrics := sleeper.get("/metrics")
		fenced += sumOf(metrics, "hangup_source_fenced_total{")
		sleeper.stop()
		p[round%2] = startServe(t, db.URL(), path)
	}
	if fenced == 0 {
		t.Error("no batch of the sleepers was stale")
	}
	t.Logf("%d batches of the sleepers were stale", fenced)
	settled(t, db, p[0], l)
	for _, q := range p {
		q.stop()
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(fmt.Errorf("signal %s: %w", s, err))
	}
}
