package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHostileMixed reads a log in which lines of all formats stand one after the other, torn, changed and cut off, between
// random bytes, runs of NUL and lines of megabytes: by `hangup parse`, by serve and by import. Memory stays bounded, and each
// of them accounts for every byte and says the same. HANGUP_TEST_HOSTILE=full takes a log of 1 GiB, and some minutes.
func TestHostileMixed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	sizes := shortHostile
	if os.Getenv("HANGUP_TEST_HOSTILE") != "" {
		sizes = longHostile
	} else {
		t.Parallel()
	}
	h := &hostile{t: t, seed: seedOf(t), dir: t.TempDir(), sizes: sizes, began: time.Now().UTC()}
	const name = "mixed.log"
	path := filepath.Join(h.dir, name)
	w := written{h.mixed(name), -1, -1}
	bounded := func(what string, kib int64) {
		t.Logf("%s: %d MiB of memory at most", what, kib>>10)
		if kib > memoryBound && !raceDetector {
			t.Errorf("%s: %d KiB of memory were resident, more than %d", what, kib, memoryBound)
		}
	}

	parsed, kib := h.parsed(path)
	bounded("parse", kib)
	t.Logf("of %d MiB parse has made %v", w.bytes>>20, parsed)

	db := newServer(t)
	p := startServe(t, db.URL(), path)
	h.read(db, p, name, w)
	served := h.kinds(db)
	bounded("serve", peakKiB(t, p))
	p.stop()

	old := time.Now().Add(-time.Hour) // nobody writes to it any more: its last line counts
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	db = newServer(t)
	cmd := exec.Command("hangup", "import", path)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+db.URL())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	kib, err := runPeak(cmd)
	if err != nil {
		t.Fatalf("import: %v\n%s", err, out.String())
	}
	bounded("import", kib)
	if n := db.number(`SELECT off FROM generation WHERE off = bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize`); n != w.bytes {
		t.Errorf("import accounts for %d bytes of %d", n, w.bytes)
	}
	if imported := h.kinds(db); fmt.Sprint(imported) != fmt.Sprint(served) || fmt.Sprint(imported) != fmt.Sprint(parsed) {
		t.Errorf("records by kind: parse %v, serve %v, import %v", parsed, served, imported)
	}
}

// kinds says how many records of each kind are stored.
func (h *hostile) kinds(db *server) map[string]int64 {
	out := map[string]int64{}
	for _, kind := range []string{"request", "disconnect", "other", "skipped"} {
		out[kind] = db.number(`SELECT sum(` + kind + map[bool]string{true: "s"}[kind != "skipped"] + `)::bigint FROM generation`)
	}
	out["unparsed"] = db.number(`SELECT sum(unparsed)::bigint FROM generation`)
	return out
}

// parsed runs `hangup parse`, and says how many records of each kind it read, and how much memory it took.
func (h *hostile) parsed(path string) (kinds map[string]int64, kib int64) {
	h.t.Helper()
	cmd := exec.Command("hangup", "parse", path)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	kib, err := runPeak(cmd)
	if err != nil { // what is written to nothing is made all the same
		h.t.Fatalf("parse: %v\n%s", err, complaints.String())
	}
	said := complaints.String()
	var all, requests, disconnects, others, unparsed, skipped int64
	if _, err := fmt.Sscanf(said[strings.LastIndex(said, path)+len(path):], ": %d records read = %d requests + %d disconnects + %d others + %d unparsed + %d blank",
		&all, &requests, &disconnects, &others, &unparsed, &skipped); err != nil || all != requests+disconnects+others+unparsed+skipped {
		h.t.Fatalf("parse has read %d records: %v\n%s", all, err, said)
	}
	kinds = map[string]int64{"request": requests, "disconnect": disconnects, "other": others, "unparsed": unparsed, "skipped": skipped}
	return kinds, kib
}

// runPeak runs a command, and says how much memory it had resident at most, in KiB, but for its last moment. What the kernel
// counts for a process that has ended (ru_maxrss) is no less than what its parent had: the test itself.
func runPeak(cmd *exec.Cmd) (kib int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return kib, err
		case <-tick.C:
		}
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)) // of one that has just ended there is none
		var n int64
		if _, rest, ok := strings.Cut(string(b), "VmHWM:"); ok {
			if _, err := fmt.Sscan(rest, &n); err == nil {
				kib = max(kib, n)
			}
		}
	}
}

// mixed writes what the parser's test logs hold, whole, torn and changed, and worse.
func (h *hostile) mixed(name string) int64 {
	h.t.Helper()
	files, err := filepath.Glob("../../parser/testdata/*.log")
	if err != nil || len(files) < 50 {
		h.t.Fatalf("%d logs to take lines of, %v", len(files), err)
	}
	var logs [][][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			h.t.Fatal(err)
		}
		logs = append(logs, bytes.SplitAfter(b, []byte("\n")))
	}
	rnd := rand.New(rand.NewPCG(h.seed, 1))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	return h.write(name, func(w *bufio.Writer) {
		for n := int64(0); n < h.sizes.mixed; {
			var b []byte
			log := logs[rnd.IntN(len(logs))]
			line := bytes.Clone(log[rnd.IntN(len(log))])
			switch k := rnd.IntN(1000); {
			case k < 300: // as it is
				b = line
			case k < 400: // several that follow one another
				from := rnd.IntN(len(log))
				b = bytes.Join(log[from:min(len(log), from+1+rnd.IntN(40))], nil)
			case k < 550 && len(line) > 1: // torn
				b = slices.Concat(line[rnd.IntN(len(line)/2+1):len(line)/2+rnd.IntN(len(line)/2)], []byte("\n"))
			case k < 650: // its end is missing: the next one stands in the same line
				b = line[:rnd.IntN(len(line)+1)]
			case k < 800 && len(line) > 0: // some bytes are others
				for range 1 + rnd.IntN(5) {
					line[rnd.IntN(len(line))] = byte(rnd.Uint32())
				}
				b = line
			case k < 980: // a path and a client of its own
				b = fmt.Appendf(nil, "2001:db8::%x - - [%s] \"GET /%s/%d HTTP/1.1\" %d 5 \"-\" \"%s\"\n", rnd.Uint32(), h.began.Format(logTime),
					word(rnd.IntN(1<<30)), rnd.Uint32(), []int{200, 499}[rnd.IntN(2)], word(rnd.IntN(1<<20)))
			case k < 990:
				b = make([]byte, 1+rnd.IntN(1<<12)) // NUL
			case k < 999 || rnd.IntN(20) > 0:
				b = noise(1 + rnd.IntN(1<<13))
			default:
				b = append(bytes.Repeat([]byte{byte(rnd.Uint32())}, rnd.IntN(3<<20)), '\n')
			}
			_, _ = w.Write(b)
			n += int64(len(b))
		}
		_ = w.WriteByte('\n')
	})
}
