package local

import (
	"os"
	"path/filepath"
	"strconv"
)

// serves says whether a process is the server of a data directory: PostgreSQL makes it its working directory.
func serves(pid int, data string) bool {
	dir, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return err == nil && dir == data
}
