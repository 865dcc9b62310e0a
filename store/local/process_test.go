package local

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helperVar makes this test binary a program that starts a server in the named directory, prints the server's process id
// and then waits for the end of its standard input, without ever stopping the server.
const helperVar = "HANGUP_LOCAL_TEST_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVar); dir != "" {
		os.Exit(helper(dir))
	}
	os.Exit(m.Run())
}

func helper(dir string) int {
	s, err := Start(context.Background(), Options{Dir: dir, Scratch: true, Search: []string{os.Getenv(helperVar + "_TREE")}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.child.cmd.Process.Pid)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := s.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// program is a running copy of this test binary in its role as helper.
type program struct {
	cmd    *exec.Cmd
	input  interface{ Close() error }
	server int // process id
}

// run starts the helper, as another user if cred is not nil, and waits until its server runs.
func run(tb testing.TB, dir string, cred *syscall.Credential) *program {
	tb.Helper()
	exe, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperVar+"="+dir, helperVar+"_TREE="+sourceTree(tb))
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: cred}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		tb.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	p := &program{cmd: cmd, input: stdin}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err == nil {
		p.server, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		_ = cmd.Wait()
		tb.Fatalf("helper: %v\n%s", err, &stderr)
	}
	return p
}

// eventually waits until a condition holds.
func eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("after 30 s it does not hold that %s", what)
		}
	}
}

func TestServerEndsWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	p := run(t, dir, nil)
	data := filepath.Join(dir, "postgres", "data")
	if !serves(p.server, data) {
		t.Fatalf("process %d does not serve %s", p.server, data)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server has ended", func() bool { return !serves(p.server, data) })
	start(t, dir)
}

// A terminal sends SIGINT to a whole process group. The server must go on until we stop it.
func TestServerIsNotInOurProcessGroup(t *testing.T) {
	t.Parallel()
	s := start(t, stateDir(t))
	group, err := syscall.Getpgid(s.child.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if group == syscall.Getpgrp() {
		t.Error("the server is in our process group and would get the terminal's Ctrl-C")
	}
}

// Parent and server are killed at once: postmaster.pid, socket and locks stay behind, and the data need recovery.
func TestStartAfterAllWasKilled(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	p := run(t, dir, nil)
	data := filepath.Join(dir, "postgres", "data")
	for _, pid := range []int{p.server, p.cmd.Process.Pid} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	_ = p.cmd.Wait()
	eventually(t, "the server has ended", func() bool { return !serves(p.server, data) })
	if _, err := os.Stat(filepath.Join(data, "postmaster.pid")); err != nil {
		t.Fatal("the killed server left no postmaster.pid, this test shows nothing:", err)
	}
	start(t, dir)
}

// The process id in a stale postmaster.pid belongs to another program now.
func TestStartWithForeignPID(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	s := start(t, dir)
	pidFile := filepath.Join(s.data, "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	other := exec.Command("sleep", "600")
	if s.owner.cred != nil {
		other.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner.cred}
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	_, rest, _ := strings.Cut(string(text), "\n")
	stale := strconv.Itoa(other.Process.Pid) + "\n" + rest
	if err := os.WriteFile(pidFile, []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	if !alive(other.Process.Pid) {
		t.Error("the other program was killed")
	}
}

// A server that its killed parent left running is stopped, and the directory is used again.
func TestLeftoverServerIsStopped(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	s := start(t, dir)
	left := s.child.cmd.Process.Pid
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_UN); err != nil { // as the end of our process would do
		t.Fatal(err)
	}
	next := start(t, dir)
	if next.child.cmd.Process.Pid == left {
		t.Error("the server is the old one")
	}
	<-s.Done()
}

func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		start(t, stateDir(t)) // we are one
		return
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	dir := stateDir(t)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	allowExecution(t)
	p := run(t, dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)})
	info, err := os.Stat(filepath.Join("/proc", strconv.Itoa(p.server)))
	if err != nil {
		t.Fatal(err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != uid {
		t.Errorf("the server runs as %+v, want user %d", info.Sys(), uid)
	}
	if err := p.input.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the helper ended with %v", err)
	}
}

// allowExecution checks that other users can run this test binary, which lies in the go command's temporary directory.
func allowExecution(tb testing.TB) {
	tb.Helper()
	exe, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	for dir := filepath.Dir(exe); dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o011); err != nil {
				tb.Fatal(err)
			}
		}
	}
}
