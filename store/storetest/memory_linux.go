package storetest

import "syscall"

// memoryDir returns a file system in memory with 4 GiB to spare, or "". Containers often have one of 64 MiB, and one that
// programs cannot be run from, which they must when they had to be copied.
func memoryDir() string {
	const (
		dir     = "/dev/shm"
		enough  = 4 << 30
		noexec  = 0x8 // ST_NOEXEC of statfs(2)
		useable = 0x3 // W_OK | X_OK of access(2)
	)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return ""
	}
	if fs.Bavail*uint64(fs.Bsize) < enough || fs.Flags&noexec != 0 || syscall.Access(dir, useable) != nil { //nolint:unconvert // Bsize differs by architecture
		return ""
	}
	return dir
}
