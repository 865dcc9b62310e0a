package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"hangup/event"
	"hangup/parser"
)

// TestReadLines reads inputs in blocks of every kind of size: the lines must be the same.
func TestReadLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", parser.MaxLine+5)
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"one", "a\n", []string{"a 0-2 1"}},
		{"unterminated", "a\nbc", []string{"a 0-2 1", "bc 2-4 2 unterminated"}},
		{"empty lines", "\n\n", []string{" 0-1 1", " 1-2 2"}},
		{"too long", "a\n" + long + "\nb\n", []string{
			"a 0-2 1", fmt.Sprintf("%.10s... 2-%d 2", long, len(long)+3), fmt.Sprintf("b %d-%d 3", len(long)+3, len(long)+5),
		}},
		{"too long at the end", long, []string{fmt.Sprintf("%.10s... 0-%d 1 unterminated", long, len(long))}},
	}
	readers := map[string]func(io.Reader) io.Reader{
		"whole":               func(r io.Reader) io.Reader { return r },
		"half":                iotest.HalfReader,
		"data with the error": iotest.DataErrReader,
		"bytes":               iotest.OneByteReader,
	}
	for _, tt := range tests {
		for kind, reader := range readers {
			if kind == "bytes" && len(tt.in) > 100 {
				continue
			}
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				var got []string
				err := readLines(t.Context(), reader(strings.NewReader(tt.in)), func(l event.Line) {
					text := l.Text
					if len(text) > 100 {
						if len(text) > sampleSize && l.End-l.Start > parser.MaxLine {
							t.Errorf("%d bytes are held of a line that is too long", len(text))
						}
						text = text[:10] + "..."
					}
					s := fmt.Sprintf("%s %d-%d %d", text, l.Start, l.End, l.Number)
					if l.Unterminated {
						s += " unterminated"
					}
					got = append(got, s)
				}, func(bool) error { return nil })
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

func TestReadLinesError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	n := 0
	err := readLines(t.Context(), io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)),
		func(event.Line) { n++ }, func(bool) error { return nil })
	if !errors.Is(err, broken) || n != 2 {
		t.Errorf("error %v after %d lines, want broken after 2", err, n)
	}
	full := errors.New("full")
	if err := readLines(t.Context(), strings.NewReader("a\n"), func(event.Line) {}, func(bool) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v, want that of the output", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	if err := readLines(ctx, r, func(event.Line) {}, func(bool) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

// TestParseExit holds the exit codes that scripts rely on.
func TestParseExit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want int
	}{
		{[]string{"parse", "--format", "nginx-combined"}, 0},
		{[]string{"parse"}, 0},
		{[]string{"parse", "--format", "nope"}, 2},
		{[]string{"parse", filepath.Join(t.TempDir(), "absent.log")}, 2},
		{[]string{"parse", t.TempDir()}, 2},
		{[]string{"parse", "--zone", "nope"}, 2},
		{[]string{"parse", "--layout", "nothing"}, 2},
		{[]string{"detect", "-"}, 1},
		{[]string{"detect", "absent.log"}, 2},
		{[]string{"formats"}, 0},
	}
	for _, tt := range tests {
		var out, errs bytes.Buffer
		e := env{stdin: strings.NewReader("what is this\n"), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
		if got := run(t.Context(), e, tt.args); got != tt.want {
			t.Errorf("hangup %q: exit code %d, want %d: %s", tt.args, got, tt.want, &errs)
		}
	}
}
