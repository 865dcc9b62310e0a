package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/gzip"

	"hangup/store"
	"hangup/store/storetest"
)

// runImport runs `hangup import` with a small batch, and kills it after a while unless that is 0.
func runImport(t *testing.T, url string, after time.Duration, files ...string) string {
	t.Helper()
	var out bytes.Buffer
	c := exec.Command("hangup", append([]string{"import", "--batch", "1"}, files...)...)
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), "DATABASE_URL="+url), &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { _ = c.Process.Kill() })
		defer timer.Stop()
	}
	if err := c.Wait(); err != nil && after == 0 {
		t.Fatalf("import: %v\n%s", err, &out)
	}
	return out.String()
}

// storedBytes is how many bytes of all logs are stored; 0 while there are no tables.
func storedBytes(t *testing.T, url string) (n int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // it was only read
	_ = conn.QueryRow(t.Context(), `SELECT coalesce(sum(off), 0)::bigint FROM generation`).Scan(&n)
	return n
}

// killStoring runs an import until it has stored something, and a while longer, and kills it.
func killStoring(t *testing.T, url string, after time.Duration, files ...string) {
	t.Helper()
	c := exec.Command("hangup", append([]string{"import", "--batch", "1"}, files...)...)
	c.Env = append(os.Environ(), "DATABASE_URL="+url)
	before := storedBytes(t, url)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // it is killed
		close(ended)
	}()
	for storedBytes(t, url) == before {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
	select {
	case <-ended:
	case <-time.After(after):
	}
	_ = c.Process.Kill() // it may have ended
	<-ended
}

// imported is what an import has left, without what depends on how often it was begun.
func imported(t *testing.T, url string) map[string][]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // it was only read
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := store.New(pool).DecideSessions(t.Context(), time.Now(), time.Hour); err != nil { // as serve does
		t.Fatal(err)
	}
	out := map[string][]string{}
	for what, sql := range map[string]string{
		"files": `SELECT path, off, lines, state, requests, disconnects, others, unparsed, skipped, bytes_parsed, bytes_unparsed, head_sha256, mark_sha256, last_event_at FROM generation`,
		"hang-ups": `SELECT off, off_end, line, at, party, how, phase, r.method, r.template, family, client, d.path, query, status, duration_us, joined_off, raw_of(d)
			FROM disconnect d JOIN route r USING (service_id, route_id) JOIN agent USING (service_id, agent_id)`,
		"hours": `SELECT bucket, method, template, family, requests, bytes, dropped_client, reported_client, idle, done, "drop"
			FROM tally_hour JOIN route USING (service_id, route_id) JOIN agent USING (service_id, agent_id)`,
		"days":    `SELECT bucket, method, template, family, requests, done FROM tally_day JOIN route USING (service_id, route_id) JOIN agent USING (service_id, agent_id)`,
		"minutes": `SELECT minute, route_id, agent_id IS NULL, sum(requests), sum(dropped_client), sum(reported_client) FROM (SELECT minute, method || template AS route_id, family AS agent_id, requests, dropped_client, reported_client FROM tally JOIN route USING (service_id, route_id) JOIN agent USING (service_id, agent_id)) x GROUP BY 1, 2, 3`,
		"clients": `SELECT hour, client, client_scope, clients, requests, dropped, reported, idle, last_seen_at FROM client_tally`,
		// Made of signs of life, of which as few are kept as tell the same: another choice after each interruption.
		"sessions": `SELECT client, agent_hash, started_at, last_seen_at, disconnects, retried, stayed, lost, undecided FROM session`,
		"outcomes": `SELECT off, path, outcome FROM disconnect`,
	} {
		rows, err := conn.Query(t.Context(), `SELECT x::text FROM (`+sql+`) x ORDER BY 1`)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if out[what], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	return out
}

// joined says how many reports are joined, and how many are not.
func joined(t *testing.T, url string) (n, open int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		defer conn.Close(t.Context()) //nolint:errcheck // it was only read
		err = conn.QueryRow(t.Context(), `SELECT count(joined_off), count(*) - count(joined_off) FROM disconnect WHERE NOT exchange AND phase <> 'idle'`).Scan(&n, &open)
	}
	if err != nil {
		t.Fatal(err)
	}
	return n, open
}

// oldLog writes n lines of an access log over some hours, and an error log that reports every other hang-up too.
func oldLog(t *testing.T, rnd *rand.Rand, path, errors string, n int) {
	t.Helper()
	var b, e bytes.Buffer
	at := time.Date(2026, 3, 9, 20, 0, 0, 0, time.UTC)
	for i := range n {
		at = at.Add(time.Duration(rnd.ExpFloat64() * float64(400*time.Millisecond)))
		status := 200
		if rnd.IntN(40) == 0 {
			status = 499
		}
		if rnd.IntN(3000) == 0 {
			fmt.Fprintf(&b, "what is this %d\n", i)
		}
		client, path := rnd.IntN(250), fmt.Sprintf("/shop/%s/%d", []string{"cart", "items", "search"}[rnd.IntN(3)], rnd.IntN(9999))
		if status == 499 && rnd.IntN(2) == 0 {
			fmt.Fprintf(&e, "%s [info] 31#31: *%d epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while sending request to upstream, client: 192.0.2.%d, server: _, request: \"GET %s HTTP/1.1\", upstream: \"http://10.0.0.1:80%s\", host: \"shop.example\"\n",
				at.Format("2006/01/02 15:04:05"), i, client, path, path)
		}
		fmt.Fprintf(&b, "192.0.2.%d - - [%s] \"GET %s HTTP/1.1\" %d %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\" rt=%.3f urt=%.3f rid=%032x\n",
			client, at.Format("02/Jan/2006:15:04:05 -0700"), path, status, rnd.IntN(9000), rnd.ExpFloat64(), rnd.ExpFloat64(), rnd.Uint64())
	}
	for path, b := range map[string]bytes.Buffer{path: b, errors: e} {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// TestImportKilled kills `hangup import` at random moments and begins it again, and compares what is stored then with an
// import that nobody disturbed. HANGUP_TEST_SEED repeats a run, HANGUP_TEST_KILLS says how often to kill (6).
func TestImportKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	seed, kills := rand.Uint64(), 6
	for name, set := range map[string]func(string) error{
		"HANGUP_TEST_SEED":  func(s string) (err error) { seed, err = strconv.ParseUint(s, 10, 64); return err },
		"HANGUP_TEST_KILLS": func(s string) (err error) { kills, err = strconv.Atoi(s); return err },
	} {
		if s := os.Getenv(name); s != "" {
			if err := set(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("HANGUP_TEST_SEED=%d HANGUP_TEST_KILLS=%d", seed, kills)
	rnd := rand.New(rand.NewPCG(seed, 2))
	dir := t.TempDir()
	first, second := filepath.Join(dir, "access.log.1"), filepath.Join(dir, "access.log")
	files := []string{filepath.Join(dir, "error.log.1"), filepath.Join(dir, "error.log"), first, second}
	oldLog(t, rnd, first, files[0], 20_000+kills*18_000) // 4 MB for each kill: it stores about half of that meanwhile
	oldLog(t, rnd, second, files[1], 10_000)

	undisturbed, disturbed := storetest.URL(t), storetest.URL(t)
	runImport(t, undisturbed, 0, files...)
	all := storedBytes(t, undisturbed)
	midway := 0
	for i := range kills {
		if i%5 == 4 { // while it begins, or is at the end
			runImport(t, disturbed, 1+time.Duration(rnd.Int64N(int64(100*time.Millisecond))), files...)
		} else {
			killStoring(t, disturbed, time.Duration(rnd.Int64N(int64(10*time.Millisecond))), files...)
		}
		if n := storedBytes(t, disturbed); n > 0 && n < all {
			midway++
		}
	}
	runImport(t, disturbed, 0, files...)
	t.Logf("%d bytes; after %d of %d kills a part of them was stored", all, midway, kills)
	if midway < kills/2 {
		t.Errorf("only %d of %d kills came when a part was stored: they say little", midway, kills)
	}
	want := imported(t, undisturbed)
	if len(want["hang-ups"]) == 0 || len(want["hours"]) == 0 || len(want["sessions"]) == 0 || len(want["files"]) != len(files) {
		t.Fatalf("an undisturbed import has stored %d files, %d hang-ups, %d hours", len(want["files"]), len(want["hang-ups"]), len(want["hours"]))
	}
	if diff := cmp.Diff(want, imported(t, disturbed)); diff != "" {
		t.Errorf("-undisturbed +disturbed: %.6000s", diff)
	}
	if n, open := joined(t, disturbed); n < 300 || open > 0 {
		t.Errorf("%d reports of the error logs are joined, %d are not; all are of hang-ups that are in both logs", n, open)
	}

	// The same content by another name, compressed, is known.
	packed := filepath.Join(dir, "renamed.gz")
	content, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packed, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := runImport(t, disturbed, 0, packed, second); strings.Count(out, "nothing new") != 2 {
		t.Errorf("a second import says\n%s", out)
	}
	if diff := cmp.Diff(want, imported(t, disturbed)); diff != "" {
		t.Errorf("-undisturbed +imported twice: %.6000s", diff)
	}
}

// TestImportDamaged imports a compressed file that was cut off before a whole one: the whole one is stored all the same, the
// other is not called empty, and the exit code says that something is missing. A file that may not be read is told before
// anything is done.
func TestImportDamaged(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), storetest.URL(t)
	text := strings.Repeat(`192.0.2.2 - - [10/Mar/2026:12:00:02 +0000] "GET /b HTTP/1.1" 499 0 "-" "curl/8"`+"\n", 100)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cut, whole, closed := filepath.Join(dir, "a.log.gz"), filepath.Join(dir, "b.log"), filepath.Join(dir, "c.log")
	for name, content := range map[string][]byte{cut: packed.Bytes()[:packed.Len()-10], whole: []byte("\n" + text), closed: []byte(text)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	imports := func(files ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = run(t.Context(), env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }},
			append([]string{"import", "--database-url", url}, files...))
		return code, out.String(), errs.String()
	}
	for range 2 {
		code, stdout, stderr := imports(cut, whole)
		if code != 1 || strings.Contains(stdout, cut+": empty") || strings.Contains(stdout, cut+": nothing new") ||
			!strings.Contains(stderr, cut+": gzip: the compressed file ends before its content does") {
			t.Errorf("exit code %d:\n%s\n%s", code, stdout, stderr)
		}
		if !strings.Contains(stdout, whole+": ") {
			t.Errorf("the whole file behind the damaged one was not read:\n%s", stdout)
		}
	}
	if n := storedBytes(t, url); n < int64(len(text)) {
		t.Errorf("%d bytes are stored, want the %d of the whole file", n, len(text)+1)
	}
	if os.Geteuid() == 0 {
		return // root may read everything
	}
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := imports(closed); code != 2 || !strings.Contains(stderr, "permission denied") {
		t.Errorf("of a file that may not be read: exit code %d:\n%s\n%s", code, stdout, stderr)
	}
}
