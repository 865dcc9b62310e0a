package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// DefaultDir returns the state directory that is used when none is chosen: /var/lib/hangup for root,
// $XDG_STATE_HOME/hangup or ~/.local/state/hangup for others. It fails when the user has no home directory.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/hangup", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hangup"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find state directory: %w; choose one", err)
	}
	return filepath.Join(home, ".local", "state", "hangup"), nil
}

// owner is the operating system's user under whom the server runs, and the one that we are.
type owner struct {
	name string              // of the server's user
	cred *syscall.Credential // nil: the server runs as we do
	self string              // our own user's name, which the server lets in
}

// chooseOwner decides under whom the server runs. PostgreSQL refuses to run as root, so for root it is the user
// "postgres", or "nobody" where there is none: initdb needs a user that has an entry in the user database.
func chooseOwner() (owner, error) {
	me, err := user.Current()
	if err != nil {
		return owner{}, fmt.Errorf("find our own user: %w", err)
	}
	if os.Geteuid() != 0 {
		return owner{name: me.Username, self: me.Username}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return owner{}, fmt.Errorf("read user %s: %w", name, err)
		}
		return owner{name: name, self: me.Username, cred: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return owner{}, errors.New(`we are root, PostgreSQL must not be, and there is neither a user "postgres" nor "nobody": ` +
		"add one (adduser --system postgres) or start hangup as an ordinary user")
}

// attributes put a process under the server's user and into a process group of its own, so that Ctrl-C in a terminal
// reaches only us and we stop the server when we are done with it.
func (o owner) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: o.cred}
}

// makeDir makes a directory of ours and its missing parents, whatever the umask is. Root's may be entered, but not
// listed, by others: the server's user must get through.
func (o owner) makeDir(dir string) error {
	mode := os.FileMode(0o700)
	if o.cred != nil {
		mode = 0o711
	}
	if parent := filepath.Dir(dir); parent != dir {
		if _, err := os.Stat(parent); errors.Is(err, os.ErrNotExist) {
			if err := o.makeDir(parent); err != nil {
				return err
			}
		}
	}
	err := os.Mkdir(dir, mode)
	if err == nil {
		err = os.Chmod(dir, mode)
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make state directory: %w", err)
	}
	return nil
}

// makePrivateDir makes a directory that only the server's user may enter, or checks that an existing one is like that.
func (o owner) makePrivateDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil && o.cred != nil {
		err = os.Chown(dir, int(o.cred.Uid), int(o.cred.Gid))
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at directory: %w", err)
	}
	want := uint32(os.Geteuid())
	if o.cred != nil {
		want = o.cred.Uid
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || st.Uid != want || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is not a private directory of user %s: remove it or choose another state directory", dir, o.name)
	}
	return nil
}

// mayEnter checks that the server's user can reach a directory, by going there as that user.
func (o owner) mayEnter(ctx context.Context, in Installation, dir string) error {
	if o.cred == nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(in.Bin, "postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, environment(), o.attributes()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("user %s, under whom PostgreSQL runs because we are root, may not enter %s: "+
			"choose another state directory, such as /var/lib/hangup: %w", o.name, dir, err)
	}
	return nil
}
