package parser

import (
	"bytes"
	"compress/bzip2"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hangup/event"
)

// lab is what is known of a server's logs. testdata/lab/<server> holds logs of real servers with a seeded driver, whose
// clients complete, abort, reset, stall and read slowly. labels.jsonl says which lines are disconnects, and of what
// kind; counts.json counts the records of each log; truth.jsonl is the driver's own account of the requests it sent, in the
// keys that the test reads.
type lab struct {
	dir    string
	counts map[string]map[string]any
	labels map[string]map[int64]*labLabel // by log and line
	truth  *labTruth
}

// TestLab reads each log by the format that it has and by detection, and compares each record with the labels, and all
// of them with the counts. Then it asks the driver whether the clients that are said to be gone were.
func TestLab(t *testing.T) {
	t.Parallel()
	for _, server := range labServers {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			if raceDetector && server.name == "evening" {
				t.Skip("most of the lab's bytes; a parser has no goroutine")
			}
			l := openLab(t, server)
			for _, log := range server.logs {
				text := decompress(t, filepath.Join(l.dir, log.file+".bz2"))
				var gone []event.Record
				for _, o := range []Options{{Format: log.format}, {}} {
					var differs map[string]int
					var format string
					differs, gone, format = l.compare(t, log.file, text, o)
					if format != log.format {
						t.Errorf("%s: detected as %s, want %s", log.file, format, log.format)
					}
					if d := cmp.Diff(labCounts(log.differs), differs); d != "" {
						t.Errorf("%s, format %q: differences from the labels (-known +found):\n%s", log.file, o.Format, d)
					}
				}
				if d := cmp.Diff(labCounts(log.answered), l.truth.judge(t, log.file, gone)); d != "" {
					t.Errorf("%s: disconnects of requests that were answered (-known +found):\n%s", log.file, d)
				}
			}
			l.truth.report(t, server.judged)
		})
	}
}

// TestLabServers holds that no server of the lab is left out.
func TestLabServers(t *testing.T) {
	t.Parallel()
	var dirs, tested []string
	files, err := filepath.Glob("testdata/lab/*/counts.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		dirs = append(dirs, filepath.Base(filepath.Dir(file)))
	}
	for _, server := range labServers {
		tested = append(tested, server.name)
	}
	if d := cmp.Diff(dirs, tested); d != "" {
		t.Errorf("servers with logs, and servers that are tested:\n%s", d)
	}
}

// openLab reads what is known of a server's logs, and sees that all of them are tested.
func openLab(t *testing.T, server labServer) *lab {
	t.Helper()
	l := &lab{dir: filepath.Join("testdata/lab", server.name), labels: map[string]map[int64]*labLabel{}}
	if err := json.Unmarshal(readFile(t, filepath.Join(l.dir, "counts.json")), &l.counts); err != nil {
		t.Fatal(err)
	}
	for _, log := range server.logs {
		l.labels[log.file] = map[int64]*labLabel{}
	}
	if d := cmp.Diff(slices.Sorted(maps.Keys(l.counts)), slices.Sorted(maps.Keys(l.labels))); d != "" {
		t.Fatalf("logs that are counted, and logs that are tested:\n%s", d)
	}
	for _, label := range decompressLines[labLabel](t, filepath.Join(l.dir, "labels.jsonl.bz2")) {
		l.labels[label.File][label.Line] = label
	}
	l.truth = newLabTruth(decompressLines[labRequest](t, filepath.Join(l.dir, "truth.jsonl.bz2")))
	return l
}

func decompress(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(bzip2.NewReader(f))
	if err != nil {
		t.Fatal(file, err)
	}
	return b
}

// decompressLines reads a JSON object from each line.
func decompressLines[T any](t *testing.T, file string) (list []*T) {
	t.Helper()
	for line := range bytes.Lines(decompress(t, file)) {
		v := new(T)
		if err := json.Unmarshal(line, v); err != nil {
			t.Fatal(file, err)
		}
		list = append(list, v)
	}
	return list
}
