package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopLeftover ends a server that still runs in our data directory: its parent was killed, and it has not noticed yet or
// could not. We hold the lock, so nobody else uses it.
func (s *Server) stopLeftover(ctx context.Context) error {
	path := filepath.Join(s.data, "postmaster.pid")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 || !alive(pid) {
		return nil // PostgreSQL itself takes over the file of a process that is gone
	}
	if !serves(pid, s.data) {
		// The process id was given to another program. PostgreSQL cannot tell and would refuse to start.
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove stale %s: %w", path, err)
		}
		return nil
	}
	s.log.WarnContext(ctx, "stopping a private PostgreSQL that outlived its hangup", "pid", pid, "data", s.data)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	immediate := time.NewTimer(fastStopTimeout)
	defer immediate.Stop()
	signal := syscall.SIGINT
	for {
		if !serves(pid, s.data) { // not only "does not exist": a dead process that nobody waits for still has its id
			return nil
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop PostgreSQL (process %d) that still runs in %s: %w", pid, s.data, err)
		}
		signal = syscall.Signal(0)
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the end of PostgreSQL (process %d) in %s: %w", pid, s.data, context.Cause(ctx))
		case <-immediate.C:
			signal = syscall.SIGQUIT
		case <-tick.C:
		}
	}
}

// alive says whether a process of that id exists, be it ours or not.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
