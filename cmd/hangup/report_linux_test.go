package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReportKeepsHTMLOffTheTerminal asks for a page where there is a terminal: nothing is read, and it says what to do.
func TestReportKeepsHTMLOffTheTerminal(t *testing.T) {
	t.Parallel()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	log := filepath.Join(t.TempDir(), "access.log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	code := run(t.Context(), env{stdin: strings.NewReader(""), stdout: terminal, stderr: &stderr, getenv: func(string) string { return "" }},
		[]string{"report", "-o", "html", log})
	if code != 2 || !strings.Contains(stderr.String(), "> report.html") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
