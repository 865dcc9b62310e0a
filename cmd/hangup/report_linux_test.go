package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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

// TestReportPipes gives the report a log by a named pipe, as the shells' <(zcat FILE) does, and by standard input, plain and
// compressed: all of it counts, and whoever writes is not cut off.
func TestReportPipes(t *testing.T) {
	t.Parallel()
	line := `192.0.2.2 - - [10/Mar/2026:12:00:02 +0000] "GET /b HTTP/1.1" 499 0 "-" "curl/8"` + "\n"
	text := []byte(strings.Repeat(line, 5000)) // more than a pipe holds
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"plain": text, "compressed": packed.Bytes()} {
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		written := make(chan error, 1)
		go func() {
			f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.Write(content)
				_ = f.Close()
			}
			written <- err
		}()
		for _, file := range []string{fifo, "-"} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			var stdout, stderr bytes.Buffer
			code := run(ctx, env{stdin: bytes.NewReader(content), stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }},
				[]string{"report", file})
			cancel()
			if code != 0 || !strings.Contains(stdout.String(), "5,000 records read = 0 requests + 5,000 disconnect records") {
				t.Errorf("%s, %s: exit code %d: %s%s", name, filepath.Base(file), code, &stdout, &stderr)
			}
		}
		if err := <-written; err != nil {
			t.Errorf("%s: whoever wrote into the pipe got: %v", name, err)
		}
	}
}

// TestInterrupted ends commands that wait for input that does not come: they end at once, and the exit code says that the
// answer is not whole.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = out.Close() }()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() { // lets go of who waits for a writer
		if f, err := os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			_ = f.Close()
		}
	}()
	for _, args := range [][]string{
		{"report", "-"},
		{"report", fifo},
		{"parse", "-"},
		{"detect", "-"},
		{"import", "--database-url", "postgres://127.0.0.1:1/none", "testdata/script/report.txtar"}, // waits for the database
	} {
		var stderr bytes.Buffer
		interrupted, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, interrupt)
		ended := make(chan int, 1)
		go func() {
			ended <- run(interrupted, env{stdin: in, stdout: io.Discard, stderr: &stderr, getenv: func(string) string { return "" }}, args)
		}()
		select {
		case code := <-ended:
			if code != 1 || !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("hangup %q: exit code %d: %s", args, code, &stderr)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("hangup %q does not end", args)
		}
	}
}
