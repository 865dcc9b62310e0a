package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse says that another process runs a server in the same state directory.
var ErrInUse = errors.New("state directory is in use")

// acquire takes the lock of a directory and writes our process id into it. The lock ends with the file or the process.
func acquire(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		}
	}
	if err == nil {
		return f, nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w: %s belongs to a running hangup%s; stop that one, choose another state directory, "+
			"or set DATABASE_URL to use a server of your own", ErrInUse, dir, holder(f))
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// unlock gives the lock free. Closing the file alone would not do at once: a process that is being forked in this moment
// shares the file until it runs its program.
func unlock(f *os.File) error {
	err := errors.Join(f.Truncate(0), syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
	if err != nil {
		return fmt.Errorf("unlock state directory: %w", err)
	}
	return nil
}

// holder tells whose lock it is, in words, as far as the lock file says.
func holder(f *os.File) string {
	var buf [32]byte
	n, _ := f.ReadAt(buf[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}
