package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// read waits until all of a log is stored, however slow the machine is, while it moves, and checks what is stored.
func (h *hostile) read(db *server, p *process, name string, w written) {
	h.t.Helper()
	of := func(what string) int64 {
		h.t.Helper()
		return db.number(fmt.Sprintf(`SELECT coalesce(sum(%s), 0)::bigint FROM generation WHERE path = '%s'`, what, filepath.Join(h.dir, name)))
	}
	for stored, before := int64(0), int64(-1); stored < w.bytes; before = stored {
		eventually(h.t, "more of "+name+" is stored", func() bool {
			stored = of("off")
			return stored > before
		}, p.log.String, func() string { return explain(h.t, db, h.dir) })
	}
	if off, accounted := of("off"), of("bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize"); off != w.bytes || accounted != w.bytes {
		h.t.Errorf("%s: %d bytes are stored and %d accounted for of %d", name, off, accounted, w.bytes)
	}
	if n := of("bytes_oversize"); w.oversize >= 0 && n != w.oversize {
		h.t.Errorf("%s: %d bytes of lines that are too long, want %d", name, n, w.oversize)
	}
	if n := of("requests + disconnects"); w.records >= 0 && n != w.records {
		h.t.Errorf("%s: %d records, want %d", name, n, w.records)
	}
}

// bounded checks that what others choose is kept in dictionaries, hours and samples of a bounded size.
func (h *hostile) bounded(db *server) {
	h.t.Helper()
	for what, b := range map[string]struct {
		sql   string
		bound int64
	}{
		"routes":             {`SELECT max(n) FROM (SELECT count(*) AS n FROM route WHERE template <> '(other)' GROUP BY service_id) x`, routeBound},
		"other routes":       {`SELECT max(n) FROM (SELECT count(*) AS n FROM route WHERE template = '(other)' GROUP BY service_id) x`, 20},
		"families of agents": {`SELECT max(n) FROM (SELECT count(DISTINCT family) AS n FROM agent GROUP BY service_id) x`, familyBound + 2},
		"clients of an hour that is over": {`SELECT sum(n) FROM client_block b JOIN service USING (service_id),
			LATERAL (SELECT count(*) AS n FROM clients_of(b.hour, b.clients) WHERE client <> '(other)') x WHERE name = 'past'`, clientBound},
		"samples of what is not understood": {`SELECT count(*) FROM unparsed_sample`, sampleBound},
	} {
		n := db.number(`SELECT coalesce((` + b.sql + `), 0)::bigint`)
		if n > b.bound {
			h.t.Errorf("%d %s, more than %d", n, what, b.bound)
		}
		h.t.Logf("%s: %d", what, n)
	}
	for what, sql := range map[string]string{
		"by minute": `SELECT sum(requests) FROM tally JOIN service USING (service_id) WHERE name = '%s'`,
		"by client": `SELECT sum(c.requests) FROM client_block b JOIN service USING (service_id), clients_of(b.hour, b.clients) c WHERE name = '%s'`,
	} {
		if n := db.number(fmt.Sprintf(`SELECT coalesce((`+sql+`), 0)::bigint`, "past")); n != int64(h.sizes.lines) {
			h.t.Errorf("%s there are %d requests of the flood, want %d", what, n, h.sizes.lines)
		}
	}
}

// size returns the size of the database, in bytes, without the write-ahead log.
func (s *server) size() int64 { return s.number(`SELECT pg_database_size(current_database())`) }

// peakKiB returns how much memory a process had resident at most.
func peakKiB(t *testing.T, p *process) (n int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatalf("VmHWM of %d: %v", p.cmd.Process.Pid, err)
	}
	return n
}
