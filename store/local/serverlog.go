package local

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxLog is the size in bytes at which the server's log is put aside at a start; one older file is kept.
const maxLog = 8 << 20

// LogFile returns the path of the server's own log.
func (s *Server) LogFile() string { return filepath.Join(s.dir, "server.log") }

func openLog(path string) (f *os.File, size int64, err error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, 0, fmt.Errorf("put server log aside: %w", err)
		}
	}
	f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open server log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("open server log: %w", err)
	}
	return f, info.Size(), nil
}

// logSince returns what the server logged after mark, at most the last 64 KiB.
func (s *Server) logSince(mark int64) string {
	f, err := os.Open(s.LogFile())
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // it was only read
	if info, err := f.Stat(); err == nil {
		mark = max(mark, info.Size()-64<<10)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, mark, 64<<10))
	if err != nil {
		return ""
	}
	return string(text)
}

func (s *Server) logHas(mark int64, text string) bool {
	return strings.Contains(s.logSince(mark), text)
}

// logTail returns the end of the log for an error message.
func (s *Server) logTail(mark int64) string {
	text := lastLines(s.logSince(mark), 12)
	if text == "" {
		return ""
	}
	return "\nlast lines of " + s.LogFile() + ":\n" + indent(text)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
