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
)

// chaosTime is how long the chaos lasts when HANGUP_TEST_CHAOS does not say.
const chaosTime = 15 * time.Second

// TestChaosKill runs two instances of `hangup serve` on the same logs and kills them with SIGKILL at random points, cuts
// connections of the database and crashes it, while the logs are written and rotated: by rename, by copytruncate, and
// compressed in each way that logrotate knows. Then every line must be stored once, every byte that is on disk be
// accounted for and every count equal a recount. HANGUP_TEST_SEED repeats a run, HANGUP_TEST_CHAOS=10m makes a long one.
func TestChaosKill(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a minute")
	}
	seed, last := rand.Uint64(), chaosTime
	var err error
	if s := os.Getenv("HANGUP_TEST_SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if s := os.Getenv("HANGUP_TEST_CHAOS"); s != "" {
		if last, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("HANGUP_TEST_SEED=%d HANGUP_TEST_CHAOS=%s", seed, last)
	db := newServer(t)
	url := db.URL()
	dir := t.TempDir()
	writers := []*writer{newWriter(t, seed, dir+"/a.log", false), newWriter(t, seed+1, dir+"/b.log", true)}
	for i, options := range [][]string{{"compress"}, {"compress", "delaycompress"}, {"compress", "copytruncate"}} {
		w := newWriter(t, seed+2+uint64(i), fmt.Sprintf("%s/%c.log", dir, 'c'+i), false)
		w.turnWith(options...)
		writers = append(writers, w)
	}
	var paths []string
	for _, w := range writers {
		paths = append(paths, w.path)
	}

	// A log's history before Hangup first comes to it is not read; so it comes to all before they are rotated.
	p := startServe(t, url, paths...)
	eventually(t, "all logs are known", func() bool { return db.number(`SELECT count(*) FROM generation`) == int64(len(paths)) }, p.log.String)
	p.kill()

	ctx, cancel := context.WithTimeout(t.Context(), last)
	defer cancel()
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
				if w.r.IntN(600) == 0 {
					w.rotate()
				}
			}
		})
	}
	var killed [2]int
	for i := range killed { // two instances: each may be cut down while the other goes on
		r := rand.New(rand.NewPCG(seed, uint64(i)+100))
		wg.Go(func() {
			for ctx.Err() == nil {
				p, err := tryServe(t, url, paths...)
				if err != nil { // the database is starting
					pause(ctx, 100*time.Millisecond)
					continue
				}
				pause(ctx, time.Duration(50+r.IntN(850))*time.Millisecond)
				p.kill()
				killed[i]++
			}
		})
	}
	cuts, crashes := db.disturb(ctx, rand.New(rand.NewPCG(seed, 200)))
	wg.Wait()

	p = startServe(t, url, paths...)
	var total, lines, drops int64
	for _, w := range writers {
		total, lines, drops = total+w.bytes(), lines+int64(w.n), drops+int64(w.n/2)
	}
	for stored, before := int64(0), int64(-1); stored < total; before = stored { // however slow the machine is, while it moves
		eventually(t, "more is committed", func() bool {
			stored = db.number(`SELECT coalesce(sum(off), 0)::bigint FROM generation`)
			return stored > before
		}, p.log.String, func() string { return explain(t, db, dir) })
	}
	turns := 0
	for _, w := range writers {
		audit(t, db.conn(), w)
		t.Logf("%s: %d lines, %d rotations", w.path, w.n, w.turns)
		turns += w.turns
	}
	for what, sql := range map[string]string{
		"requests":          `SELECT coalesce(sum(requests), 0)::bigint FROM tally`,
		"twice the drops":   `SELECT coalesce(2 * sum(dropped_client), 0)::bigint FROM tally`,
		"client requests":   `SELECT coalesce(sum(requests), 0)::bigint FROM client_tally`,
		"twice their drops": `SELECT coalesce(2 * sum(dropped), 0)::bigint FROM client_tally`,
	} {
		want := lines
		if strings.HasPrefix(what, "twice") { // a log may end on an odd line
			want = 2 * drops
		}
		if n := db.number(sql); n != want {
			t.Errorf("%s: %d, want %d", what, n, want)
		}
	}
	if s := p.summary("?from=now-1h&to=now"); s.Requests != lines || s.Disconnects != drops {
		t.Errorf("the API says %d requests and %d disconnects; %d and %d were written", s.Requests, s.Disconnects, lines, drops)
	}
	if turns == 0 || killed[0] == 0 || killed[1] == 0 || cuts == 0 {
		t.Errorf("%d rotations, %d and %d kills, %d connections cut: that says little", turns, killed[0], killed[1], cuts)
	}
	t.Logf("%d bytes, %d lines; %d and %d kills, %d connections cut, %d crashes of the database", total, lines, killed[0], killed[1], cuts, crashes)
	p.stop()
	if t.Failed() {
		t.Log(explain(t, db, dir))
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// explain lists what is stored of the files and what is on disk.
func explain(t *testing.T, db *server, dir string) string {
	t.Helper()
	rows, err := db.conn().Query(context.Background(), `SELECT format('%s %s inode %s %s off %s lines %s: numbers %s to %s', generation_id, g.path, ino, state, off, lines,
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
