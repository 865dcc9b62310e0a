//go:build !linux

package local

import (
	"os/exec"
	"strconv"
	"strings"
)

// serves says whether a process is the server of a data directory, by its command line.
func serves(pid int, data string) bool {
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output() //nolint:noctx // it ends at once
	return err == nil && strings.Contains(string(out), "postgres") && strings.Contains(string(out), data)
}
