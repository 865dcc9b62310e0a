package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Report is what Inspect finds out.
type Report struct {
	Dir     string       // the state directory
	Exists  bool         // it has been made
	Running bool         // there is a server's socket
	URL     string       // of the database, for the server that runs
	Install Installation // the programs that Start would take; zero when there are none
}

// Inspect looks at a state directory without changing anything: whether a server runs there, and which programs one would
// be started with. The error wraps ErrNoServer when there are none.
func Inspect(ctx context.Context, opt Options) (Report, error) {
	r := Report{Dir: opt.Dir}
	var err error
	if r.Dir == "" {
		if r.Dir, err = DefaultDir(); err != nil {
			return r, err
		}
	}
	if r.Dir, err = filepath.Abs(r.Dir); err != nil {
		return r, err
	}
	s := &Server{opt: opt, dir: filepath.Join(r.Dir, "postgres")}
	switch _, err := os.Stat(s.dir); {
	case err == nil:
		r.Exists = true
	case !errors.Is(err, os.ErrNotExist):
		return r, err
	}
	if dir, err := filepath.EvalSymlinks(s.dir); err == nil {
		s.dir = dir
	}
	s.data, s.socket = filepath.Join(s.dir, "data"), socketPlace(s.dir)
	if _, err := os.Stat(socketFile(s.socket)); err == nil {
		r.Running, r.URL = true, s.URL()
	}
	if _, err := chooseOwner(); err != nil {
		return r, err
	}
	// The programs are asked for their version as ourselves: as another user they might have to be copied first.
	r.Install, err = s.choose(ctx)
	return r, err
}
