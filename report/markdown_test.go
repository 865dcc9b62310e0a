package report_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// TestMarkdown compares with what an evening's logs gave when a person last looked at it.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	check(t, evening(t, 10).WriteMarkdown(&out))
	const golden = "testdata/evening.md"
	if *update {
		check(t, os.WriteFile(golden, out.Bytes(), 0o600))
	}
	want, err := os.ReadFile(golden)
	check(t, err)
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Error(diff)
	}
}

// TestMarkdownIsInert sees that no text of a log stands outside of a code span, ends one, or makes cells.
func TestMarkdownIsInert(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	check(t, hostileReport(t).WriteMarkdown(&out))
	span := regexp.MustCompile("`[^`\n]+`")
	cells := 0
	for l := range strings.Lines(out.String()) {
		l = strings.TrimSuffix(l, "\n")
		rest := span.ReplaceAllString(l, "code")
		if strings.ContainsAny(rest, "`@<>[]\\~") || strings.Contains(rest, "://") || strings.IndexFunc(l, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
			t.Errorf("not inert: %q", l)
		}
		n := strings.Count(l, "|")
		if n > 0 && cells > 0 && n != cells {
			t.Errorf("%d bars in a table of %d: %s", n, cells, l)
		}
		cells = n
	}
	for _, want := range []string{"`GET /<script>alert(1)</script>`", "part: `GET /\\x60**x**\\x60\\x7c[x](javascript:alert(3))`, "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not shown:\n%s", want, &out)
		}
	}
}
