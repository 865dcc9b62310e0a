package local

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// copyPrograms copies an installation that lies in one relocatable tree (bin, lib and share side by side, as in the npm
// package) to where the server's user can reach it, once, and returns the new directory of programs. The copy is named by the path and the
// time of the original, so a new version is copied anew.
func (s *Server) copyPrograms(bin string) (string, error) {
	tree := filepath.Dir(bin)
	for _, part := range []string{"lib", "share"} {
		if _, err := os.Stat(filepath.Join(tree, part)); err != nil {
			return "", fmt.Errorf("user %s may not run the programs in %s, and they cannot be copied: %w", s.owner.name, bin, err)
		}
	}
	info, err := os.Stat(filepath.Join(bin, "postgres"))
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	sum := sha256.Sum256([]byte(tree + info.ModTime().String()))
	to := filepath.Join(cmp.Or(s.opt.Programs, s.dir), "programs-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(to); err == nil {
		return filepath.Join(to, "bin"), nil
	}
	fresh, err := os.MkdirTemp(filepath.Dir(to), "copy-")
	if err != nil {
		return "", fmt.Errorf("copy PostgreSQL's programs: %w", err)
	}
	defer os.RemoveAll(fresh) //nolint:errcheck // it is moved away, or the copy's error is the one that counts
	if err := copyTree(tree, filepath.Join(fresh, "tree")); err != nil {
		return "", fmt.Errorf("copy PostgreSQL's programs: %w", err)
	}
	if err := os.Rename(filepath.Join(fresh, "tree"), to); err != nil && !errors.Is(err, os.ErrExist) { // another process was faster
		return "", fmt.Errorf("copy PostgreSQL's programs: %w", err)
	}
	return filepath.Join(to, "bin"), nil
}

// copyTree copies directories, regular files and symbolic links; everybody may read the copy.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return errors.Join(os.Mkdir(target, 0o755), os.Chmod(target, 0o755)) // whatever the umask is
		case d.Type() == fs.ModeSymlink:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		return errors.Join(os.WriteFile(target, text, mode), os.Chmod(target, mode))
	})
}
