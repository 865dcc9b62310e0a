package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/store/storetest"
)

// kills is how often the chaos test kills the process.
const kills = 20

// TestChaosKill kills `hangup serve` with SIGKILL at random points while two logs are written and rotated, one by rename
// and one by copytruncate. Then every line must be stored once and every count equal a recount. HANGUP_TEST_SEED repeats a
// run.
func TestChaosKill(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a minute")
	}
	seed := rand.Uint64()
	if s := os.Getenv("HANGUP_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("HANGUP_TEST_SEED=%d", seed)
	url := storetest.URL(t)
	dir := t.TempDir()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	number := func(sql string) (n int64) {
		if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	writers := []*writer{newWriter(t, seed, dir+"/a.log", false), newWriter(t, seed+1, dir+"/b.log", true)}

	// A log's history before Hangup first comes to it is not read; so it comes to both before they are rotated.
	p := startServe(t, url, writers[0].path, writers[1].path)
	eventually(t, "both logs are known", func() bool { return number(`SELECT count(*) FROM generation`) == 2 }, p.log.String)
	p.kill()

	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, w := range writers {
		wg.Go(func() {
			for tick := time.NewTicker(5 * time.Millisecond); ; {
				select {
				case <-ctx.Done():
					tick.Stop()
					w.flush()
					return
				case <-tick.C:
				}
				w.write(1 + w.r.IntN(20))
				if w.r.IntN(300) == 0 {
					w.rotate()
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(seed, 2))
	for range kills {
		p := startServe(t, url, writers[0].path, writers[1].path)
		select {
		case <-time.After(time.Duration(50+r.IntN(1500)) * time.Millisecond):
		case <-p.done:
			t.Fatalf("serve ended by itself; its log:\n%s", p.log)
		}
		p.kill()
	}
	cancel()
	wg.Wait()

	p = startServe(t, url, writers[0].path, writers[1].path)
	total := writers[0].bytes() + writers[1].bytes()
	lines := int64(writers[0].n + writers[1].n)
	for stored, before := int64(0), int64(-1); stored < total; before = stored { // however slow the machine is, while it moves
		eventually(t, "more is committed", func() bool {
			stored = number(`SELECT coalesce(sum(off), 0)::bigint FROM generation`)
			return stored > before
		}, p.log.String, func() string { return explain(t, conn, dir) })
	}
	for _, w := range writers {
		audit(t, conn, w)
		t.Logf("%s: %d lines, %d rotations", w.path, w.n, w.turns)
	}
	for what, sql := range map[string]string{
		"requests":          `SELECT coalesce(sum(requests), 0)::bigint FROM tally`,
		"twice the drops":   `SELECT coalesce(2 * sum(dropped_client), 0)::bigint FROM tally`,
		"client requests":   `SELECT coalesce(sum(requests), 0)::bigint FROM client_tally`,
		"twice their drops": `SELECT coalesce(2 * sum(dropped), 0)::bigint FROM client_tally`,
	} {
		n := number(sql)
		if d := n - lines; d < -2 || d > 0 || what == "requests" && d != 0 { // a log may end on an odd line
			t.Errorf("%s: %d, want %d", what, n, lines)
		}
	}
	if s := p.summary("?from=now-1h&to=now"); s.Requests != lines || s.Disconnects != int64(writers[0].n/2+writers[1].n/2) {
		t.Errorf("the API says %d requests and %d disconnects; %d and %d were written", s.Requests, s.Disconnects, lines, writers[0].n/2+writers[1].n/2)
	}
	p.stop()
	if t.Failed() {
		t.Log(explain(t, conn, dir))
	}
}

// explain lists what is stored of the files and what is on disk.
func explain(t *testing.T, conn *pgx.Conn, dir string) string {
	t.Helper()
	rows, err := conn.Query(context.Background(), `SELECT format('%s %s inode %s %s off %s lines %s: numbers %s to %s', generation_id, g.path, ino, state, off, lines,
		(SELECT min(substring(path from '\d+$')::int) FROM disconnect d WHERE d.generation_id = g.generation_id),
		(SELECT max(substring(path from '\d+$')::int) FROM disconnect d WHERE d.generation_id = g.generation_id)) FROM generation g ORDER BY generation_id`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-c", "cd "+dir+"; for f in *; do echo $(stat -c '%i %s %y' $f) $f $(head -1 $f | cut -d' ' -f7) $(tail -1 $f | cut -d' ' -f7); done").CombinedOutput()
	return fmt.Sprintf("stored:\n%s\non disk (%v):\n%s", strings.Join(list, "\n"), err, out)
}
