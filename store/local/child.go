package local

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is the server's process. err is how it ended, to be read when done is closed.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// end stops the server, at first kindly.
func (c *child) end() error {
	for _, step := range []struct {
		signal os.Signal
		wait   time.Duration
	}{
		{syscall.SIGINT, fastStopTimeout},   // "fast": cuts connections, writes everything
		{syscall.SIGQUIT, immediateTimeout}, // "immediate": the next start recovers
		{syscall.SIGKILL, immediateTimeout},
	} {
		if err := c.cmd.Process.Signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal process %d: %w", c.cmd.Process.Pid, err)
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-c.done:
			timer.Stop()
			if step.signal != syscall.SIGINT {
				return fmt.Errorf("process %d had to be ended by signal %q", c.cmd.Process.Pid, step.signal)
			}
			return nil
		case <-timer.C:
		}
	}
	return fmt.Errorf("process %d does not end", c.cmd.Process.Pid)
}

// environment is ours without what would change how PostgreSQL's programs behave.
func environment() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "LANGUAGE" ||
			name == "DATABASE_URL" || strings.HasPrefix(name, "HANGUP_") {
			continue
		}
		env = append(env, kv)
	}
	return append(env, "LC_ALL=C")
}
