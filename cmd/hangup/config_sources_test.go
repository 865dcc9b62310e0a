package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSources checks what sources say, and that what cannot be read is refused before anything starts.
func TestSources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, n := range []string{"a.log", "odd[1].log"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(text string) (config, error) {
		path := filepath.Join(t.TempDir(), "hangup.yaml")
		if err := os.WriteFile(path, []byte("sources:\n"+strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
		return readConfig(path)
	}
	c, err := read("  - {path: 'DIR/**/*.{log,txt}', exclude: [debug*, 'DIR/x/**'], also: old, since: 2d}\n  - path: DIR/odd[1].log\n")
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.sources([]string{filepath.Join(dir, "a.log")})
	if err != nil {
		t.Fatal(err)
	}
	s := list[0]
	if !s.Pattern || s.Since != 48*time.Hour || !cmp.Equal(s.Also, []string{"old"}) || !cmp.Equal(s.Exclude, []string{"debug*", dir + "/x/**"}) {
		t.Errorf("the pattern is %+v", s)
	}
	if list[1].Pattern || list[2].Pattern {
		t.Error("files that are there are taken for patterns")
	}
	for path, want := range map[string]bool{"/a.log": true, "/b/c/d.txt": true, "/a.log.1": false, "/x/a.log": false, "/b/debug.log": false} {
		if s.Names(dir+path) != want {
			t.Errorf("Names(%s) is %t", path, !want)
		}
	}
	for text, want := range map[string]string{
		"  - path: DIR/[a.log\n":                               "a bracket is not closed",
		"  - path: DIR/x**/a.log\n":                            "** stands for directories",
		"  - path: 'DIR/{a/b,c}/*.log'\n":                      "cannot reach over a slash",
		"  - path: DIR\n":                                      "it is a directory",
		"  - path: DIR/none/*.log\n":                           "no such file",
		"  - {path: DIR/a.log, exclude: x}\n":                  "exclude is for patterns",
		"  - {path: DIR/*.log, exclude: x/y}\n":                "neither a name",
		"  - {path: DIR/*.log, exclude: '[x'}\n":               "exclude: pattern",
		"  - path: DIR/*.log\n  - path: DIR/*.log\n":           "named twice",
		"  - {path: DIR/*.log, since: yesterday}\n":            "not a duration",
		"  - {path: DIR/*.log, excluded: x}\n":                 `did you mean "exclude"`,
		"  - {path: DIR/*.log, format: nginx, layout: '$a'}\n": "source " + dir,
	} {
		c, err := read(text)
		if err == nil {
			_, err = c.sources(nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is refused with %v, want %q", text, err, want)
		}
	}
}
