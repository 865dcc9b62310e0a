package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hangup/store/storetest"
)

// TestImportTellsNobody imports with a standard output that is full: all is stored, and the exit code says that the summary is not there.
func TestImportTellsNobody(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	log, url := filepath.Join(t.TempDir(), "access.log"), storetest.URL(t)
	text := `192.0.2.2 - - [10/Mar/2026:12:00:02 +0000] "GET /b HTTP/1.1" 499 0 "-" "curl/8"` + "\n"
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	code := run(t.Context(), env{stdin: strings.NewReader(""), stdout: full, stderr: &stderr, getenv: func(string) string { return "" }},
		[]string{"import", "--database-url", url, log})
	if code != 1 || !strings.Contains(stderr.String(), "what was read is stored") || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	if n := storedBytes(t, url); n != int64(len(text)) {
		t.Errorf("%d bytes are stored, want %d", n, len(text))
	}
}
