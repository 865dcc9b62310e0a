package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// maxSocketPath is the longest path of a Unix socket in bytes that both Linux (107) and macOS (103) take.
const maxSocketPath = 103

func socketFile(dir string) string { return filepath.Join(dir, ".s.PGSQL."+port) }

// socketPlace is the directory of the socket of a server in dir.
func socketPlace(dir string) string {
	place := filepath.Join(dir, "run")
	if len(socketFile(place)) > maxSocketPath {
		sum := sha256.Sum256([]byte(dir))
		place = filepath.Join("/tmp", "hangup-"+strconv.Itoa(os.Geteuid())+"-"+hex.EncodeToString(sum[:6]))
	}
	return place
}

// socketDir makes the directory of the server's socket: "run" beside the data, or a private one in /tmp when the path of
// the state directory is too long for a socket. It is empty then, whatever a killed server left in it.
func (s *Server) socketDir() (string, error) {
	dir := socketPlace(s.dir)
	if err := s.owner.makePrivateDir(dir); err != nil {
		return "", err
	}
	s.socket = dir
	return dir, s.removeSocketFiles()
}

// removeSocketFiles removes the socket and its lock file. We hold the directory's lock and no server runs: they are stale.
// A lock file that stays would keep the server from starting when its process id belongs to another program now.
func (s *Server) removeSocketFiles() error {
	for _, path := range []string{socketFile(s.socket), socketFile(s.socket) + ".lock"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove stale socket: %w", err)
		}
	}
	return nil
}

// removeSockets removes the socket's directory.
func (s *Server) removeSockets() error {
	if s.socket == "" {
		return nil
	}
	if err := s.removeSocketFiles(); err != nil {
		return err
	}
	if err := os.Remove(s.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove socket directory: %w", err)
	}
	return nil
}
