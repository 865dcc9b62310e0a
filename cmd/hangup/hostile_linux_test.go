package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// hostileSizes say how much is written by those who wish the reader ill.
type hostileSizes struct {
	line    int64 // bytes of a line that is too long
	endless int64 // bytes without a newline
	garbage int64 // random bytes
	bomb    int64 // bytes that an archive decompresses to
	wide    int64 // bytes that an archive with a wide window decompresses to
	mixed   int64 // bytes of records of all formats, torn and between other bytes
	lines   int   // of each log in which all that can differ does
}

var (
	shortHostile = hostileSizes{line: 12 << 20, endless: 48 << 20, garbage: 4 << 20, bomb: 512 << 20, wide: 16 << 20, mixed: 12 << 20, lines: 30_000}
	longHostile  = hostileSizes{line: 100 << 20, endless: 1 << 30, garbage: 100 << 20, bomb: 10 << 30, wide: 192 << 20, mixed: 1 << 30, lines: 1_000_000}
)

// The bounds that hostile logs must not move.
const (
	memoryBound = 512 << 10        // KiB that serve has resident at any time
	delayBound  = 30 * time.Second // until a line of an ordinary log is stored: machines that test may have other work
	// In the floods nothing comes twice, and a line of them is about 190 bytes. Less than half of that may be added to the
	// database: whoever fills its disk by requests has filled that of the logs before.
	growthBound = 0.5
	growthFree  = 16 << 20 // bytes for the lines beside the floods, and empty pages
	routeBound  = 5000     // of a service, beside (other)
	familyBound = 300      // of user agents of a service, beside (other) and (none)
	clientBound = 11_000   // of an hour that is over, beside (other)
	sampleBound = 5000     // of what was not understood; once an hour 20 are left of each kind
)

// TestHostileLoad has one `hangup serve` read logs of which everything is chosen by somebody else: lines without an end,
// archives that decompress to far more than a log does, garbage, and floods in which each line has a path, a client, a user
// agent and a request id of its own. Beside them ordinary logs are written to all the time. Memory, the database and the
// delay of the ordinary logs stay bounded, questions are answered, and every byte is accounted for. HANGUP_TEST_HOSTILE=full
// takes the sizes of longHostile, and a minute or more.
func TestHostileLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes twenty seconds")
	}
	sizes := shortHostile
	if os.Getenv("HANGUP_TEST_HOSTILE") != "" {
		sizes = longHostile
	} else {
		t.Parallel()
	}
	seed := seedOf(t)
	db := newServer(t)
	dir := t.TempDir()
	h := &hostile{t: t, seed: seed, dir: dir, sizes: sizes, began: time.Now().UTC()}
	config := h.configure(map[string][]string{
		"ordinary": {"ordinary.log"},
		"past":     {"past.log"},
		"flood":    {"flood.log", "b.log"}, // an ordinary log of a service that is flooded
		"hostile":  {"long.log", "endless.log", "garbage.log", "bombed.log", "wide.log", "wider.log"},
		"shop":     {"a.log"},
	})
	logs := []*live{newLive(t, seed, dir+"/a.log"), newLive(t, seed+1, dir+"/b.log")}
	for _, log := range []string{"bombed.log", "wide.log", "wider.log"} {
		h.lines(log, 1)
	}
	p := startServe(t, db.URL(), "--config", config)
	began := time.Now()
	lap := func(what string) {
		t.Logf("%-28s after %4.1f s: %3d MiB of memory at most, database %4d MiB", what, time.Since(began).Seconds(), peakKiB(t, p)>>10, db.size()>>20)
	}

	empty := db.size()
	ordinary := h.ordinary("ordinary.log")
	h.read(db, p, "ordinary.log", ordinary)
	plain := db.size() - empty
	lap("an ordinary log")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, l := range logs {
		l.run(ctx, db.URL())
	}
	answers := newAsker(t, p)
	answers.run(ctx)
	before := db.size()
	want := map[string]written{"long.log": h.long("long.log"), "garbage.log": h.garbage("garbage.log")}
	names := h.bombs("bombed.log")
	want["wide.log.1.zst"], want["wider.log.1.zst"] = h.wide("wide.log.1.zst", 1), h.wide("wider.log.1.zst", 2)
	want["past.log"] = h.flood("past.log", h.began.Truncate(time.Hour).Add(-3*time.Hour))
	want["flood.log"] = h.flood("flood.log", h.began.Add(-10*time.Minute))
	want["endless.log"] = h.endless(db, p, "endless.log")
	lap("all is written")
	for name, w := range want {
		h.read(db, p, name, w)
	}
	lap("all is stored")
	for _, name := range names {
		eventually(t, "it is said that "+name+" is not read", func() bool {
			return db.number(`SELECT count(*) FROM archive`) >= int64(len(names)) && strings.Contains(p.log.String(), name)
		}, p.log.String)
	}
	floods := want["past.log"].bytes + want["flood.log"].bytes
	grown := func(what string) {
		t.Helper()
		size := db.size() - before
		t.Logf("%s: the database grew by %d MiB, %.2f of the floods' %d MiB; by the ordinary log's %d MiB it grew by %.2f of them", what,
			size>>20, float64(size)/float64(floods), floods>>20, ordinary.bytes>>20, float64(plain)/float64(ordinary.bytes))
		if float64(size) > growthBound*float64(floods)+growthFree {
			t.Errorf("%s: the database grew by %d bytes for floods of %d", what, size, floods)
		}
	}
	grown("all is stored")
	cancel()
	answers.check()
	peak := peakKiB(t, p)
	p.stop()
	t.Logf("%.1f s of processor time", (p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()).Seconds())

	// At its start the process folds the hour that is over.
	began = time.Now()
	p = startServe(t, db.URL(), "--config", config)
	eventually(t, "the flood of an hour that is over is folded", func() bool {
		return db.number(`SELECT count(*) FROM dirty_hour JOIN service USING (service_id) WHERE name = 'past'`) == 0
	}, p.log.String)
	lap("folded")
	grown("folded")
	h.bounded(db)
	for _, l := range logs {
		l.check()
	}
	for _, l := range logs {
		eventually(t, "the live lines are stored", func() bool {
			return db.number(fmt.Sprintf(`SELECT coalesce(sum(lines), 0)::bigint FROM generation WHERE path = '%s'`, l.path)) == int64(l.n)
		}, p.log.String)
		audit(t, db.conn(), l.writer)
	}
	peak = max(peak, peakKiB(t, p))
	if peak > memoryBound && !raceDetector { // it keeps shadows of all memory, beyond the limit of the garbage collector
		t.Errorf("%d KiB of memory were resident, more than %d", peak, memoryBound)
	}
	p.stop()
}
