package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// TestMergeMinutes merges what commits have appended, again and again, and compares everything with before.
func TestMergeMinutes(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	r := rand.New(rand.NewPCG(51, 1))
	a, b := fill.Open(t, st, "shop", "/var/log/a.log"), fill.Open(t, st, "blog", "/var/log/b.log")
	now := begin.Add(40 * time.Minute)
	const blocks = `SELECT (SELECT count(*) FROM minute_block) + (SELECT count(*) FROM client_block)`
	const perRoute = `SELECT max(n) FROM (SELECT count(*) AS n FROM minute_block GROUP BY service_id, hour, route_id) x`
	for round := range 4 {
		for range 12 {
			a.Add(t, traffic(r, 60, begin, 40*time.Minute)...)
			b.Add(t, traffic(r, 60, begin, 40*time.Minute)...)
		}
		before, rows := sums(t, pool, "tally", "minute"), number(t, pool, blocks)
		clients := rowsOf(t, pool, byClient)
		n, err := st.MergeMinutes(t.Context(), now)
		check(t, err)
		if n == 0 {
			t.Errorf("round %d: nothing was merged", round)
		}
		if diff := cmp.Diff(before, sums(t, pool, "tally", "minute")); diff != "" {
			t.Errorf("merging changed the counts (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(clients, rowsOf(t, pool, byClient)); diff != "" {
			t.Errorf("merging changed the clients (-before +after):\n%s", diff)
		}
		if left := number(t, pool, blocks); left != rows-n {
			t.Errorf("round %d: of %d blocks %d are left, %d were merged", round, rows, left, n)
		}
		if most := number(t, pool, perRoute); most > 3 { // their lengths differ by a factor of 2 at least
			t.Errorf("round %d: a route has %d blocks in an hour", round, most)
		}
	}
	// What was merged is one cell to a key.
	wantNumber(t, pool, 0, `SELECT count(*) FROM (SELECT FROM minute_block b, cells_of(b.cells) c GROUP BY b.tableoid, b.ctid, minute, agent_id HAVING count(*) > 1) x`)
	for n, err := st.MergeMinutes(t.Context(), now); n != 0 || err != nil; n, err = st.MergeMinutes(t.Context(), now) {
		check(t, err) // what was merged may be worth merging again
	}
	a.Add(t, traffic(r, 60, begin, 40*time.Minute)...)
	a.Add(t, traffic(r, 60, begin, 40*time.Minute)...)
	if n, err := st.MergeMinutes(t.Context(), now.Add(5*time.Hour)); n != 0 || err != nil {
		t.Errorf("merging hours later gives %d, %v: that is left to folding", n, err)
	}
	checkCounts(t, pool)
}

// byClient adds the clients' counts up.
const byClient = `SELECT service_id, hour, client, client_scope, sum(requests), sum(dropped), sum(reported), sum(idle), max(last_seen_at) FROM client_tally GROUP BY 1, 2, 3, 4`

// TestMergeClientsOfOpenHour merges a client's rows of the hour that is not over when there are many, and cuts nothing.
func TestMergeClientsOfOpenHour(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/a.log")
	b := src.Batch(hangUp(begin, "192.0.2.1", "/a"))
	list := b.Clients.List()
	one := list[0]
	for i := range 40 {
		if i > 0 {
			b, list = src.Batch(), nil
			b.LastEvent = begin
		}
		for k := range 100 {
			c := one
			c.Client = fmt.Sprintf("198.51.100.%d", k%4)
			c.Counts = event.Counts{Requests: 2, Idle: 1}
			list = append(list, c)
		}
		b.Clients = event.ClientsOf(list)
		check(t, st.Commit(t.Context(), begin, b))
	}
	wantNumber(t, pool, 40, `SELECT count(*) FROM client_block`)
	_, err := st.MergeMinutes(t.Context(), begin.Add(10*time.Minute))
	check(t, err)
	wantNumber(t, pool, 1, `SELECT count(*) FROM client_block`)
	wantNumber(t, pool, 5, `SELECT count(*) FROM client_tally`)
	wantNumber(t, pool, 4, `SELECT count(*) FROM client_tally WHERE requests = 2000 AND idle = 1000 AND clients = 1 AND dropped = 0`)
	wantNumber(t, pool, 1, `SELECT count(*) FROM client_tally WHERE client = '192.0.2.1' AND client_scope = 'public' AND requests = 1 AND dropped = 1`)
}

// TestClientsAreCut keeps the clients with the most hang-ups and, of the others, with the most requests, and the totals.
func TestClientsAreCut(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/a.log")
	b := src.Batch(hangUp(begin, "192.0.2.1", "/a"))
	hour, r := b.Clients.List()[0].Start, rand.New(rand.NewPCG(61, 1))
	var list []event.ClientHour
	add := func(name string, c event.Counts) {
		list = append(list, event.ClientHour{Start: hour, Client: name, Scope: "public", Counts: c, LastSeen: begin.Add(time.Duration(len(list)) * time.Millisecond)})
	}
	for _, i := range r.Perm(11_000) { // client i hangs up i%7+1 times
		add(fmt.Sprintf("a%05d", i), event.Counts{Requests: 10, Dropped: [4]int64{int64(i%7) / 2, 0, 0, 0}, Reported: [4]int64{0, int64(i%7) - int64(i%7)/2 + 1, 0, 0}})
	}
	for _, i := range r.Perm(1500) { // these never do
		add(fmt.Sprintf("b%05d", i), event.Counts{Requests: int64(i + 1), Idle: 1})
	}
	b.Clients = event.ClientsOf(list)
	check(t, st.Commit(t.Context(), begin, b))
	const totals = `SELECT sum(clients), sum(requests), sum(dropped), sum(reported), sum(idle), max(last_seen_at) FROM client_tally`
	before := rowsOf(t, pool, totals)
	for range 2 { // the second time the hour is dirty again
		foldAll(t, st, begin.Add(5*time.Hour))
		if diff := cmp.Diff(before, rowsOf(t, pool, totals)); diff != "" {
			t.Errorf("the cut changed the totals (-before +after):\n%s", diff)
		}
		wantNumber(t, pool, 11_001, `SELECT count(*) FROM client_tally`)
		wantNumber(t, pool, 1500, `SELECT clients FROM client_tally WHERE client = $1 AND client_scope = ''`, store.OtherClients)
		wantNumber(t, pool, 10_000, `SELECT count(*) FROM client_tally WHERE client LIKE 'a%'`)
		wantNumber(t, pool, 0, `SELECT count(*) FROM generate_series(0, 10999) i WHERE i % 7 > 0 AND 'a' || to_char(i, 'FM00000') NOT IN (SELECT client FROM client_tally)`)
		wantNumber(t, pool, 501, `SELECT min(requests) FROM client_tally WHERE client LIKE 'b%'`)
		wantNumber(t, pool, 64, `SELECT count(DISTINCT part) FROM client_block WHERE parts = 64`)
		exec(t, pool, `INSERT INTO dirty_hour SELECT service_id, hour, 1 FROM client_block LIMIT 1`)
	}
}
