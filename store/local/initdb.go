package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// initdb makes the data directory if there is none. It works in a directory of another name, so that one that was
// interrupted is never taken for a complete one.
func (s *Server) initdb(ctx context.Context) error {
	made, err := dataVersion(s.data)
	if err != nil {
		return err
	}
	if made == s.install.Major {
		return nil
	}
	if made != 0 {
		return fmt.Errorf("%s was made by PostgreSQL %d, but only PostgreSQL %s was found (%s): install PostgreSQL %d, "+
			"set HANGUP_POSTGRES_BIN to its programs, or move the directory away to begin anew: logs that are still on disk are read again",
			s.data, made, s.install.Version, s.install.Bin, made)
	}
	fresh := s.data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove an interrupted data directory: %w", err)
	}
	if err := s.owner.makePrivateDir(fresh); err != nil {
		return err
	}
	if err := s.runInitdb(ctx, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, s.data); err != nil {
		return fmt.Errorf("put data directory in its place: %w", err)
	}
	return nil
}

// runInitdb runs initdb, which like the server does not outlive us.
func (s *Server) runInitdb(ctx context.Context, data string) error {
	cmd := exec.Command(filepath.Join(s.install.Bin, "initdb"), "--pgdata="+data, "--username="+role, //nolint:noctx // the whole group is killed below
		"--auth=peer", "--encoding=UTF8", "--locale=C", "--data-checksums")
	if s.opt.Scratch {
		cmd.Args = append(cmd.Args, "--no-sync")
	}
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.SysProcAttr = data, environment(), s.owner.attributes()
	cmd.Stdout, cmd.Stderr = &out, &out
	c, err := spawn(cmd, s.lock)
	if err != nil {
		return fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with the server that it runs; it may have ended just now
		<-c.done
		return fmt.Errorf("make data directory: %w", context.Cause(ctx))
	}
	if c.err != nil {
		return fmt.Errorf("run %s: %w\n%s", cmd.Path, c.err, indent(lastLines(out.String(), 10)))
	}
	return nil
}

// dataVersion returns the major version that made a data directory, 0 when there is none.
func dataVersion(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		entries, err := os.ReadDir(data)
		if err == nil && len(entries) > 0 {
			return 0, fmt.Errorf("%s is neither empty nor a data directory of PostgreSQL: move it away or choose another state directory", data)
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read data directory: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read %s/PG_VERSION: %w", data, err)
	}
	return major, nil
}

func (s *Server) hbaFile() string   { return filepath.Join(s.dir, "pg_hba.conf") }
func (s *Server) identFile() string { return filepath.Join(s.dir, "pg_ident.conf") }

// writeAccess writes who may connect: our own user, as the one role, over the socket. The files are outside of the data
// directory, where the server's user could replace them by links.
func (s *Server) writeAccess() error {
	quote := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	ident := "hangup " + quote(s.owner.self) + " " + role + "\n"
	if s.owner.name != s.owner.self {
		ident += "hangup " + quote(s.owner.name) + " " + role + "\n"
	}
	for path, text := range map[string]string{
		s.hbaFile():   "local all all peer map=hangup\n",
		s.identFile(): ident,
	} {
		err := os.WriteFile(path, []byte("# written by hangup at each start\n"+text), 0o600)
		if err == nil && s.owner.cred != nil {
			err = os.Chmod(path, 0o644) // the server's user must read it
		}
		if err != nil {
			return fmt.Errorf("write access rules: %w", err)
		}
	}
	return nil
}
