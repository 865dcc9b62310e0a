package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// TestSessionsDecide imports an old log, whose own times are the clock, and looks at what became of each hang-up.
func TestSessionsDecide(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	now := begin.Add(30 * day)
	a, b := event.Route{Method: "GET", Template: "/a"}, event.Route{Method: "GET", Template: "/b"}
	// A hang-up on /a, and what its client asks later.
	clients := map[string]struct {
		after time.Duration
		route event.Route
		want  string
	}{
		"192.0.2.1": {10 * time.Second, a, "retried"}, "192.0.2.2": {10*time.Second + time.Microsecond, a, "stayed"},
		"192.0.2.3": {time.Second, b, "stayed"}, "192.0.2.4": {30*time.Minute - time.Microsecond, b, "stayed"}, "192.0.2.5": {0, a, "lost"},
		"192.0.2.6": {30 * time.Minute, b, "lost"},
	}
	var records []event.Hangup
	for client := range clients {
		records = append(records, hangUp(begin, client, "/a"))
	}
	late := begin.Add(50 * time.Minute)
	records = append(records, hangUp(late, "192.0.2.9", "/a")) // the log ends before that is known
	end := event.Hangup{}
	end.Kind, end.Exchange, end.Time, end.Method, end.Path = event.Request, true, begin.Add(time.Hour), "GET", "/b"
	batch := signs(src.Batch(append(records, end)...))
	list := batch.Signs.List()
	for client, c := range clients {
		if c.after > 0 {
			list = append(list, event.Activity{Time: begin.Add(c.after), Client: client, AgentHash: 7, Route: c.route, Off: 90_000 + int64(len(list))})
		}
	}
	for _, a := range list { // a client is one with its user agent
		if a.Client == "192.0.2.1" {
			a.Client, a.AgentHash, a.Drop, a.Off = "192.0.2.5", 8, false, 99_999
			list = append(list, a)
			break
		}
	}
	batch.Signs = event.SignsOf(list)
	check(t, st.Commit(t.Context(), now, batch))
	var before []string
	for range 3 {
		_, err := st.DecideSessions(t.Context(), now, 30*day)
		check(t, err)
		for client, c := range clients {
			wantNumber(t, pool, 1, `SELECT count(*) FROM disconnect WHERE client = $1 AND outcome = $2`, client, c.want)
		}
		wantNumber(t, pool, 1, `SELECT count(*) FROM disconnect WHERE client = '192.0.2.9' AND outcome IS NULL`)
		wantNumber(t, pool, 1, `SELECT sum(undecided)::bigint FROM session`)
		wantNumber(t, pool, 7, `SELECT sum(disconnects)::bigint FROM session`)
		wantNumber(t, pool, 1, `SELECT sum(retried)::bigint FROM session`)
		wantNumber(t, pool, 3, `SELECT sum(stayed)::bigint FROM session`)
		wantNumber(t, pool, 2, `SELECT sum(lost)::bigint FROM session`)
		rows := rowsOf(t, pool, `SELECT client, agent_hash, started_at, last_seen_at, disconnects, retried, stayed, lost, undecided FROM session`)
		if before != nil {
			if diff := cmp.Diff(before, rows); diff != "" {
				t.Errorf("a repeated run changed sessions:\n%s", diff)
			}
		}
		before = rows
	}
	n, err := st.ExpireSessions(t.Context(), now.Add(30*day))
	check(t, err)
	if n != 0 {
		t.Errorf("%d sessions expired too early", n)
	}
	n, err = st.ExpireSessions(t.Context(), now.Add(30*day+time.Second))
	check(t, err)
	if n != int64(len(before)) {
		t.Errorf("%d of %d sessions expired", n, len(before))
	}
}

// decide makes the sessions, and returns what is known of hang-ups and sessions then.
func decide(t *testing.T, pool *pgxpool.Pool, st *store.Store, now time.Time) (outcomes, sessions []string) {
	t.Helper()
	_, err := st.DecideSessions(t.Context(), now, 30*day)
	check(t, err)
	return rowsOf(t, pool, `SELECT client, coalesce(outcome, '?') FROM disconnect ORDER BY client, generation_id`),
		rowsOf(t, pool, `SELECT client, disconnects, retried, stayed, lost, undecided, closed FROM session ORDER BY client, started_at`)
}

// TestSessionsBesideAClockAhead has one server's clock an hour ahead of the others', which decides nothing before the time.
func TestSessionsBesideAClockAhead(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	a, ahead := fill.Open(t, st, "shop", "/var/log/a.log"), fill.Open(t, st, "shop", "/var/log/ahead.log")
	check(t, st.Commit(t.Context(), begin, signs(a.Batch(hangUp(begin, "192.0.2.1", "/a")))))
	check(t, st.Commit(t.Context(), begin, signs(ahead.Batch(hangUp(begin.Add(time.Hour), "192.0.2.2", "/a")))))
	outcomes, _ := decide(t, pool, st, begin.Add(time.Second))
	if want := []string{"(192.0.2.1,?)", "(192.0.2.2,?)"}; !slices.Equal(outcomes, want) {
		t.Errorf("after a second: %s", outcomes)
	}
	later := begin.Add(5 * time.Second)
	batch := a.Batch(hangUp(later, "192.0.2.3", "/a"))
	batch.Signs = event.SignsOf([]event.Activity{{Time: later, Client: "192.0.2.1", AgentHash: 7, Route: event.Route{Method: "GET", Template: "/a"}, Off: batch.Start}})
	check(t, st.Commit(t.Context(), later, batch))
	outcomes, _ = decide(t, pool, st, begin.Add(31*time.Minute))
	if want := []string{"(192.0.2.1,retried)", "(192.0.2.2,?)", "(192.0.2.3,?)"}; !slices.Equal(outcomes, want) {
		t.Errorf("after half an hour: %s", outcomes)
	}
	outcomes, sessions := decide(t, pool, st, begin.Add(2*time.Hour))
	if want := []string{"(192.0.2.1,retried)", "(192.0.2.2,lost)", "(192.0.2.3,?)"}; !slices.Equal(outcomes, want) {
		t.Errorf("after two hours: %s", outcomes)
	}
	if want := []string{"(192.0.2.1,1,1,0,0,0,t)", "(192.0.2.2,1,0,0,1,0,t)"}; !slices.Equal(sessions, want) {
		t.Errorf("sessions after two hours: %s", sessions)
	}
}

// TestSessionsBesideAClockBehind has a log whose times are hours behind, as of another zone, beside one of now: its hang-ups are not
// decided before its own time has come.
func TestSessionsBesideAClockBehind(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	live, behind := fill.Open(t, st, "shop", "/var/log/live.log"), fill.Open(t, st, "shop", "/var/log/behind.log")
	route := event.Route{Method: "GET", Template: "/a"}
	for i, want := range []string{"(192.0.2.1,?)", "(192.0.2.1,retried)"} {
		now := begin.Add(time.Duration(i) * 5 * time.Second)
		batch := behind.Batch(hangUp(now.Add(-3*time.Hour), fmt.Sprintf("192.0.2.%d", 1+i), "/a"))
		if signs(batch); i > 0 {
			batch.Signs = event.SignsOf([]event.Activity{{Time: now.Add(-3 * time.Hour), Client: "192.0.2.1", AgentHash: 7, Route: route, Off: batch.Start}})
		}
		check(t, st.Commit(t.Context(), now, batch))
		check(t, st.Commit(t.Context(), now, signs(live.Batch(hangUp(now, "192.0.2.9", "/a")))))
		if outcomes, _ := decide(t, pool, st, now.Add(time.Second)); outcomes[0] != want {
			t.Errorf("%s, want %s", outcomes, want)
		}
	}
}

// TestSessionsThatBeginTogether imports the logs of three servers, in which a client's sessions begin in the same second, one
// after another's sessions are closed: each has its own, and nothing of them stays.
func TestSessionsThatBeginTogether(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	now := begin.Add(30 * day)
	end := event.Hangup{}
	end.Kind, end.Exchange, end.Time, end.Method, end.Path = event.Request, true, begin.Add(2*time.Hour), "GET", "/b"
	var want []string
	for _, name := range []string{"a", "b", "c"} {
		src := fill.Open(t, st, "shop", "/var/log/"+name+".log")
		check(t, st.Commit(t.Context(), now, signs(src.Batch(hangUp(begin, "192.0.2.1", "/a"), hangUp(begin.Add(time.Minute), "192.0.2.1", "/a"), end))))
		want = append(want, "(192.0.2.1,2,0,1,1,0,t)")
		for range 2 {
			if _, sessions := decide(t, pool, st, now); !slices.Equal(sessions, want) {
				t.Errorf("with %s: %s", name, sessions)
			}
			wantNumber(t, pool, 0, `SELECT count(*) FROM session_activity`)
		}
	}
}

// TestSessionsBesideDamage has a block of one service damaged: the others' sessions are decided.
func TestSessionsBesideDamage(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	for _, service := range []string{"blog", "shop"} {
		src := fill.Open(t, st, service, "/var/log/"+service+".log")
		check(t, st.Commit(t.Context(), begin, signs(src.Batch(hangUp(begin, "192.0.2.1", "/a")))))
	}
	_, err := pool.Exec(t.Context(), `UPDATE activity_block SET signs = '\x010203' WHERE service_id = (SELECT min(service_id) FROM service)`)
	check(t, err)
	if _, err := st.DecideSessions(t.Context(), begin.Add(time.Hour), 30*day); err == nil {
		t.Error("the damage is not said")
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM disconnect WHERE outcome = 'lost' AND service_id = (SELECT max(service_id) FROM service)`)
}

// TestSessionsOfManyImports takes longer than a statement may elsewhere, as the sessions of very large imports do.
func TestSessionsOfManyImports(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	check(t, st.Commit(t.Context(), begin, signs(src.Batch(hangUp(begin, "192.0.2.1", "/a")))))
	exec(t, pool, `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$`)
	exec(t, pool, `CREATE TRIGGER wait BEFORE INSERT ON session FOR EACH STATEMENT EXECUTE FUNCTION wait()`)
	exec(t, pool, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 500', current_database()); END $$`)
	pool.Reset() // the connections that are made from now on have it
	wantNumber(t, pool, 500, `SELECT setting::integer FROM pg_settings WHERE name = 'statement_timeout'`)
	if n, err := st.DecideSessions(t.Context(), begin.Add(day), 30*day); err != nil || n != 1 {
		t.Errorf("%d sessions, %v", n, err)
	}
	wantNumber(t, pool, 500, `SELECT setting::integer FROM pg_settings WHERE name = 'statement_timeout'`)
}
