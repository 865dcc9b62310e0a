package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"
)

// TestPlain shows texts that would take over a terminal.
func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/a/{id}":              "/a/{id}",
		"/\x1b[2J\x07":         `/\x1b[2J\a`,
		"/invoice\u202efdp":    `/invoice\u202efdp`,
		"/\xff":                `/\xff`,
		"/\u009b31m":           `/\u009b31m`,
		"/日本":                  "/日本",
		"/e\u0301\u0301\u0301": "/e\u0301\u0301" + `\u0301`,
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) is %q, want %q", in, got, want)
		}
	}
	for _, n := range []int{5, 6, 7} {
		if got := fit("/日本日本日本", n); text.StringWidth(got) > n {
			t.Errorf("%q is wider than %d columns", got, n)
		}
	}
}

// TestSets orders rotated files and keeps logs apart.
func TestSets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var names []string
	for _, n := range []string{"a.log", "a.log.10.gz", "b.log-20261123", "a.log.2.gz", "b.log", "b.log-20261121.gz", "a.log.1"} {
		name := filepath.Join(dir, n)
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	sets, err := Sets(append(names, names[0])) // one is named twice
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, s := range sets {
		var files []string
		for _, f := range s.Files {
			files = append(files, filepath.Base(f))
		}
		got = append(got, files)
	}
	want := [][]string{{"a.log.10.gz", "a.log.2.gz", "a.log.1", "a.log"}, {"b.log-20261121.gz", "b.log-20261123", "b.log"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
