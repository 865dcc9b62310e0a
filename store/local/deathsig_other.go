//go:build !linux || pipewatch

package local

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// spawn starts a program, the server or initdb, and beside it a shell that waits for the end of a pipe. Only we hold the pipe's other end, so
// it ends when we die, however we die; the shell then sends SIGINT (a fast shutdown) to the server. The build tag
// "pipewatch" takes this way on Linux too, so that it can be tested there. The lock's file is held until the server has
// ended: the garbage collector would close it when a caller forgets the Server.
func spawn(cmd *exec.Cmd, lock *os.File) (*child, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	watch := exec.Command("/bin/sh", "-c", `read -r line; kill -INT "$1"`, "watch", strconv.Itoa(cmd.Process.Pid)) //nolint:noctx // it ends with the server
	watch.Dir = "/"
	watch.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: cmd.SysProcAttr.Credential}
	hold, err := watch.StdinPipe()
	if err == nil {
		err = watch.Start()
	}
	go func() {
		c.err = cmd.Wait()
		if watch.Process != nil {
			_ = watch.Process.Kill() // first: it must not signal a process id that is free again
			_ = watch.Wait()
			_ = hold.Close()
		}
		runtime.KeepAlive(lock)
		close(c.done)
	}()
	if err != nil {
		return nil, fmt.Errorf("watch the server: %w", joinEnd(err, c))
	}
	return c, nil
}

func joinEnd(err error, c *child) error {
	_ = c.end()
	return err
}
