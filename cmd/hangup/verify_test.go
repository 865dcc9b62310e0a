package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/ingest"
	"hangup/parser"
	"hangup/store/storetest"
)

// runVerify runs `hangup verify` and returns its exit code and what it prints.
func runVerify(t *testing.T, url string, args ...string) (code int, out string) {
	t.Helper()
	var b bytes.Buffer
	e := env{stdout: &b, stderr: &b, getenv: func(string) string { return "1GiB" }} // of GOMEMLIMIT
	code = run(t.Context(), e, append([]string{"verify", "--database-url", url}, args...))
	for l := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimSuffix(l, "\n"))); n > 80 && !strings.HasPrefix(l, "hangup:") && !strings.HasPrefix(l, " ") && !strings.HasPrefix(l, "{") {
			t.Errorf("a line of %d columns: %s", n, l)
		}
	}
	return code, b.String()
}

// TestVerifyFinds tampers with what an import has stored, and with its files, and has each found.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	dir, url := t.TempDir(), storetest.URL(t)
	first, second := filepath.Join(dir, "access.log.1"), filepath.Join(dir, "access.log")
	oldLog(t, rnd, first, filepath.Join(dir, "error.log.1"), 6_000)
	oldLog(t, rnd, second, filepath.Join(dir, "error.log"), 2_000)
	runImport(t, url, 0, first, second)
	runImport(t, url, 0, "--since", "2026-03-09T20:20:00Z", "--service", "half", first)
	if err := gzipFile(first); err != nil {
		t.Fatal(err)
	}
	first += ".gz"

	expect := func(what string, code int, words []string, args ...string) {
		t.Helper()
		got, out := runVerify(t, url, args...)
		if got != code {
			t.Errorf("%s: exit code %d, want %d:\n%s", what, got, code, out)
		}
		for _, w := range words {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), w) {
				t.Errorf("%s: it does not say %q:\n%s", what, w, out)
			}
		}
	}
	expect("an import", 0, []string{"3 log contents: 3 equal.", "All that could be compared is equal."})
	expect("the levels alone", 0, []string{"3 not read", "agrees with itself"}, "--quick")
	expect("one source", 0, []string{"3 equal"}, "--source", second)
	expect("no source", 2, []string{"nothing is stored of it"}, "--source", "/nowhere")
	expect("a wrong flag", 2, nil, "--since", "yesterday")

	var v verification
	_, out := runVerify(t, url, "-o", "json")
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if v.WithRecords != v.Hours || v.Schema != "hangup.verify/1" || v.WithFiles < 2 || v.Buckets < 4 || len(v.Generations) != 3 || v.Generations[0].Records.Request == 0 {
		t.Errorf("an import gives %+v", v)
	}

	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())            //nolint:errcheck // it was only used here
	for what, c := range map[string]struct { // what is appended to a block is a cell more: 7 requests, -1 byte, a request
		sql   string
		args  []string
		words []string
	}{
		"an hour":      {`UPDATE hour_block SET cells = cells || '\x0000010e' WHERE ctid = (SELECT ctid FROM hour_block LIMIT 1)`, nil, []string{"hour 2026-03-", "requests: stored", "the minutes say", "the files say"}},
		"a day":        {`UPDATE day_block SET cells = cells || '\x00000201' WHERE ctid = (SELECT ctid FROM day_block LIMIT 1)`, []string{"--quick"}, []string{"day 2026-03-", "bytes: stored", "the hours say"}},
		"a counter":    {`UPDATE generation SET requests = requests - 1, others = others + 1 WHERE path LIKE '%access.log'`, nil, []string{"requests: stored", "others: stored 1, the file says 0", "1 different"}},
		"bytes":        {`UPDATE generation SET bytes_parsed = bytes_parsed - 5, bytes_skipped = bytes_skipped + 5 WHERE path LIKE '%access.log'`, nil, []string{"bytes_parsed: stored", "bytes_skipped: stored 5"}},
		"a hang-up":    {`DELETE FROM disconnect WHERE ctid = (SELECT ctid FROM disconnect WHERE tableoid = (SELECT tableoid FROM disconnect LIMIT 1) LIMIT 1)`, []string{"--quick"}, []string{"dropped (client): stored", "the single hang-ups say", "hang-ups: stored"}},
		"its party":    {`UPDATE disconnect SET party = 'server' WHERE (generation_id, off) = (SELECT generation_id, off FROM disconnect LIMIT 1)`, nil, []string{"dropped (server): stored 0", "the single hang-ups say 1"}},
		"a minute":     {`UPDATE minute_block SET cells = cells || '\x00000102' WHERE ctid = (SELECT ctid FROM minute_block WHERE tableoid = (SELECT tableoid FROM minute_block LIMIT 1) LIMIT 1)`, []string{"--quick"}, []string{"requests: stored", "the minutes say"}},
		"a whole hour": {`DELETE FROM hour_block WHERE bucket = (SELECT min(bucket) FROM hour_block)`, nil, []string{"requests: stored 0"}},
	} {
		// What is tampered with is put back: triggers and constraints stay as they are.
		tables := map[string]string{}
		for _, name := range []string{"hour_block", "day_block", "generation", "disconnect", "minute_block"} {
			if strings.Contains(c.sql, " "+name+" ") {
				tables[name] = "saved_" + name
			}
		}
		run := func(sql string) {
			t.Helper()
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %s: %v", what, sql, err)
			}
		}
		for name, saved := range tables {
			run("CREATE TABLE " + saved + " AS SELECT * FROM " + name)
		}
		run(c.sql)
		expect(what, 1, append(c.words, "Something differs."), c.args...)
		for name, saved := range tables {
			columns := "*"
			if name == "generation" {
				run(`UPDATE generation g SET requests = s.requests, others = s.others, bytes_parsed = s.bytes_parsed, bytes_skipped = s.bytes_skipped FROM ` + saved + ` s WHERE s.generation_id = g.generation_id`)
			} else {
				run("DELETE FROM " + name)
				run("INSERT INTO " + name + " SELECT " + columns + " FROM " + saved)
			}
			run("DROP TABLE " + saved)
		}
	}
	expect("all put back", 0, []string{"3 equal"})

	content, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(second, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(content[:len(content)/2])
	expect("a file that was cut", 0, []string{"1 changed, 2 equal", "no longer holds"})
	write(bytes.Replace(content, []byte("GET /shop"), []byte("GET /a-longer-path"), 1))
	expect("a file that was edited", 0, []string{"1 changed, 2 equal"})
	write(bytes.Replace(content, []byte("\" 200 "), []byte("\" 499 "), 1))
	expect("a file that was edited in place", 0, []string{"1 changed, 2 equal"}) // in its first line
	at := bytes.Index(content[4000:], []byte("\" 200 ")) + 4000
	write(append(append(append([]byte{}, content[:at]...), "\" 499 "...), content[at+6:]...))
	expect("a file that says something else in its middle", 1, []string{"1 different, 2 equal", "disconnects: stored"})
	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
	expect("a file that is gone", 0, []string{"1 gone, 2 equal"})
	if err := os.Rename(first, filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	expect("no file at all", 0, []string{"3 gone", "no file could be compared"})
}

// TestVerifyBesideServe runs `hangup verify` again and again while logs are written to, rotated and compressed.
func TestVerifyBesideServe(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dir, url := t.TempDir(), storetest.URL(t)
	a, b := newWriter(t, seed, filepath.Join(dir, "a.log"), false), newWriter(t, seed+1, filepath.Join(dir, "b.log"), false)
	a.turnWith("compress", "delaycompress")
	b.turnWith("compress")
	writers := []*writer{a, b}
	for _, w := range writers {
		w.write(100)
		w.flush()
	}
	p := startServe(t, url, a.path, b.path)
	for round := range 4 {
		for _, w := range writers {
			w.write(2000)
			if round > 0 {
				w.rotate()
			}
			w.write(50)
		}
		if code, out := runVerify(t, url); code != 0 {
			t.Fatalf("verify beside serve gives %d:\n%s", code, out)
		}
	}
	for _, w := range writers {
		w.flush()
	}
	want := int64(a.n + b.n)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // it was only read
	eventually(t, "all lines stored", func() bool {
		var n int64
		err := conn.QueryRow(t.Context(), `SELECT sum(requests + disconnects)::bigint FROM generation`).Scan(&n)
		return err == nil && n == want
	}, func() string { return p.log.String() })
	code, out := runVerify(t, url)
	if code != 0 || !strings.Contains(out, "All that could be compared is equal.") || strings.Contains(out, "gone") || strings.Contains(out, "changed") {
		t.Errorf("verify gives %d:\n%s", code, out)
	}
	p.stop()
}

// TestVerifySettings counts logs again that were read with settings of their own, and has damaged files told.
func TestVerifySettings(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), storetest.URL(t)
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := file("hangup.yaml", `
formats:
  mine:
    pattern: '^(?P<time>\S+ \S+) (?P<client>\S+) (?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d+)$'
    disconnect:
      - when: {status: 599}
        party: client
        how: closed
        phase: waiting
`)
	mine := file("mine.log", strings.Repeat("2026-03-09 10:00:00 203.0.113.7 GET /a 200\n2026-03-09 10:00:01 203.0.113.7 GET /a 599\n", 200))
	var b strings.Builder
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 3000 { // it has to be long for a compressed one to be cut in its middle
		_, _ = fmt.Fprintf(&b, "203.0.113.7 [09/Mar/2026:10:00:00 +0000] %d \"GET /b/%d HTTP/1.1\" %x\n", []int{200, 499}[i%2], i, r.Uint64())
	}
	laid := file("laid.log", b.String())
	runImport(t, url, 0, "--config", config, "--format", "mine", mine)
	runImport(t, url, 0, "--format", "nginx", "--layout", `$remote_addr [$time_local] $status "$request" $msec_or_so`, "--timezone", "Europe/Berlin", laid)

	expect := func(what string, code int, words []string, args ...string) {
		t.Helper()
		got, out := runVerify(t, url, args...)
		if got != code {
			t.Errorf("%s: exit code %d, want %d:\n%s", what, got, code, out)
		}
		for _, w := range words {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), w) {
				t.Errorf("%s: it does not say %q:\n%s", what, w, out)
			}
		}
	}
	expect("with the formats", 0, []string{"2 equal"}, "--config", config)
	expect("without them", 0, []string{"1 newer settings, 1 equal", "it was read as mine, which is not known here: give --config"})

	// What was read by another layout than the one that is configured now.
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // it was only used here
	if _, err := conn.Exec(t.Context(), `UPDATE generation SET unparsed = unparsed + 1, disconnects = disconnects - 1, bytes_parsed = bytes_parsed - 5, bytes_unparsed = bytes_unparsed + 5
		WHERE path LIKE '%laid.log'`); err != nil {
		t.Fatal(err)
	}
	expect("a counter that nobody explains", 1, []string{"1 different"})
	now := file("now.yaml", "sources:\n  - {path: "+laid+", format: nginx-combined}\n")
	if _, err := conn.Exec(t.Context(), `UPDATE generation SET unparsed = unparsed - 1, disconnects = disconnects + 1, bytes_parsed = bytes_parsed + 5, bytes_unparsed = bytes_unparsed - 5
		WHERE path LIKE '%laid.log'`); err != nil {
		t.Fatal(err)
	}
	expect("another format now", 0, []string{"1 newer settings, 1 equal"}, "--config", now) // the one that is not known is mine.log

	if err := gzipFile(laid); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(laid + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(laid+".gz", st.Size()/2); err != nil {
		t.Fatal(err)
	}
	expect("a damaged archive", 2, []string{"1 unread", "the compressed file ends before its content does"})
}

// TestVerifyPlaces counts logs of a pattern again of which only the newest part was to be read, and one of which rotation
// has moved to another directory.
func TestVerifyPlaces(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), storetest.URL(t)
	now := time.Now().UTC()
	for _, name := range []string{"a.log", "b.log"} {
		var b strings.Builder
		for i := range 100 {
			at := now.Add(-2 * time.Hour)
			if i >= 60 {
				at = now.Add(-time.Minute)
			}
			_, _ = fmt.Fprintf(&b, "203.0.113.7 - - [%s] \"GET /%s/%d HTTP/1.1\" %d 0 \"-\" \"curl/8.5.0\"\n", at.Format("02/Jan/2006:15:04:05 -0700"), name, i, []int{200, 499}[i%2])
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(t.TempDir(), "hangup.yaml")
	if err := os.WriteFile(config, []byte("sources:\n  - {path: "+dir+"/*.log, since: 1h, also: old}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := readConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := cfg.sources(nil)
	if err != nil {
		t.Fatal(err)
	}
	x := startInstance(t, url, sources)
	eventually(t, "both read", func() bool { s := x.source(dir + "/*.log").Records; return s.Read == 200 && s.Skipped == 120 }, func() string { return x.log.String() })
	if code, out := runVerify(t, url); code != 0 || !strings.Contains(out, "2 log contents: 2 equal.") {
		t.Errorf("verify gives %d:\n%s", code, out)
	}
	if err := os.Mkdir(filepath.Join(dir, "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "a.log"), filepath.Join(dir, "old", "a.log.1")); err != nil {
		t.Fatal(err)
	}
	if code, out := runVerify(t, url, "--config", config); code != 0 || !strings.Contains(out, "2 log contents: 2 equal.") {
		t.Errorf("verify with the directory of rotated files gives %d:\n%s", code, out)
	}
}

// TestVerifyRegrouped counts a log again of which a record's lines came more than a second apart: live it was counted in
// two, and that is no difference, as nothing that is asked for depends on it.
func TestVerifyRegrouped(t *testing.T) {
	t.Parallel()
	path, url := filepath.Join(t.TempDir(), "app.log"), storetest.URL(t)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // what is written is read back
	write := func(s string) {
		t.Helper()
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	x := startInstance(t, url, []ingest.Source{{Service: "shop", Path: path, Parser: parser.Options{Format: "python-logging"}}})
	write("2026-11-22 10:00:00,000 - shop.web - ERROR - Error handling request /a\n")
	eventually(t, "the first part stored", func() bool { return x.source(path).Records.Read == 1 }, func() string { return x.log.String() })
	write("Traceback (most recent call last):\n  File \"a.py\", line 1, in a\nValueError: no\n")
	eventually(t, "the rest stored", func() bool {
		s := x.source(path)
		return s.Records.Read > 1 && s.LagBytes == 0 && s.Bytes.Committed > 140
	}, func() string { return x.log.String() })
	if code, out := runVerify(t, url); code != 0 || !strings.Contains(out, "1 log content: 1 regrouped.") || !strings.Contains(out, "counted in two") {
		t.Errorf("verify gives %d:\n%s", code, out)
	}
}
