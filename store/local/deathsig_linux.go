//go:build linux && !pipewatch

package local

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// spawn starts a program, the server or initdb, such that the kernel sends it SIGINT (a fast shutdown) when we die, however we die.
// The kernel counts the death of the *thread* that forked, so that thread is held until the server has ended. So
// is the lock's file, which the garbage collector would close when a caller forgets the Server.
func spawn(cmd *exec.Cmd, lock *os.File) (*child, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			runtime.KeepAlive(lock)
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}
