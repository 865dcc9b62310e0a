package ingest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hangup/ingest"
	"hangup/store"
)

// TestImportSameBeginning imports many contents that begin with the same two kilobytes, plain and compressed, and all of
// them again: each is read once.
func TestImportSameBeginning(t *testing.T) {
	banner := strings.Repeat("# this program says the same at every start, whatever it is then told to do\n", 30)
	for what, lines := range map[string]func(i int) int{
		"longer and longer":   func(i int) int { return 10 + i },
		"shorter and shorter": func(i int) int { return 40 - i },
	} {
		for _, ext := range []string{"", ".gz"} {
			t.Run(what+ext, func(t *testing.T) {
				r := newRig(t)
				var names []string
				for i := range 30 {
					n := fmt.Sprintf("f%02d.log", i)
					r.put(n, banner+r.lines(lines(i)))
					old := time.Now().Add(-time.Hour)
					if err := os.Chtimes(r.path(n), old, old); err != nil {
						t.Fatal(err)
					}
					if ext != "" {
						r.pack(n, ext)
					}
					names = append(names, n+ext)
				}
				// A copy that was made of one while it was being written to.
				r.copyOf("f03.log"+ext, "part.log")
				st := store.New(r.pool)
				m := &ingest.Importer{Library: st, Sink: st}
				for range 2 {
					for _, n := range append(names, "part.log") {
						i := ingest.Import{File: r.path(n)}
						i.Service, i.Path, i.Parser.Format = "test", r.path(n), "nginx-combined"
						if _, err := m.Import(t.Context(), i); err != nil {
							t.Fatal(err)
						}
					}
					r.audit()
				}
			})
		}
	}
}

// copyOf makes a plain copy of a log but for its last lines.
func (r *rig) copyOf(name, to string) {
	r.t.Helper()
	s, err := ingest.OpenStream(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it was read only
	b := make([]byte, 3000)
	n, err := s.Read(b)
	if err != nil {
		r.t.Fatal(err)
	}
	r.put(to, string(b[:strings.LastIndexByte(string(b[:n]), '\n')+1]))
}
