package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

// logs are the open log files of a run.
type logs struct{ access, errors, app *logFile }

// openLogs opens the three files that Files names. A write that fails later calls fail.
func openLogs(o Options, fail context.CancelCauseFunc) (logs, error) {
	files := Files(o.Dir)
	opened := make([]*logFile, len(files))
	for i, f := range files {
		lf, err := openLogFile(f.Path, o.RotateAfter, fail)
		if err != nil {
			for _, done := range opened[:i] {
				err = errors.Join(err, done.close())
			}
			return logs{}, err
		}
		opened[i] = lf
	}
	return logs{access: opened[0], errors: opened[1], app: opened[2]}, nil
}

// close closes all three files.
func (l logs) close() error {
	return errors.Join(l.access.close(), l.errors.close(), l.app.close())
}

// logFile appends whole records to a file and renames it to PATH.1 when it has grown to its limit.
// It may be used by many goroutines.
type logFile struct {
	path  string
	limit int64
	fail  context.CancelCauseFunc

	mu   sync.Mutex
	file *os.File
	size int64
}

// openLogFile opens path for appending. If an earlier writer was cut off within a line, that line is ended first.
func openLogFile(path string, limit int64, fail context.CancelCauseFunc) (*logFile, error) {
	l := &logFile{path: path, limit: limit, fail: fail}
	if err := l.open(); err != nil {
		return nil, err
	}
	if l.size > 0 {
		last := make([]byte, 1)
		if _, err := l.file.ReadAt(last, l.size-1); err != nil {
			return nil, errors.Join(fmt.Errorf("read end of demo log: %w", err), l.file.Close())
		}
		if last[0] != '\n' {
			if _, err := l.file.WriteString("\n"); err != nil {
				return nil, errors.Join(fmt.Errorf("end last line of demo log: %w", err), l.file.Close())
			}
			l.size++
		}
	}
	return l, nil
}

// open opens or creates the file and takes its size.
func (l *logFile) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open demo log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open demo log: %w", err), f.Close())
	}
	l.file, l.size = f, info.Size()
	return nil
}

// write appends one record of whole lines with a single system call. A failure ends the run: a demo whose log is
// not the whole truth would be worse than none.
func (l *logFile) write(record []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return // failed before; the run is ending
	}
	err := l.rotate(int64(len(record)))
	if err == nil {
		var n int
		n, err = l.file.Write(record)
		l.size += int64(n)
	}
	if err != nil {
		l.fail(&fatalError{fmt.Errorf("write demo log: %w", err)})
	}
}

// rotate renames the file and starts a new one if next more bytes would take it over its limit.
func (l *logFile) rotate(next int64) error {
	if l.size == 0 || l.size+next <= l.limit {
		return nil
	}
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		return err
	}
	old := l.file
	l.file = nil
	return errors.Join(l.open(), old.Close())
}

// close closes the file; later writes are dropped.
func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
