//go:build !linux

package storetest

// memoryDir returns "": there is no file system in memory to be found without asking the user.
func memoryDir() string { return "" }
