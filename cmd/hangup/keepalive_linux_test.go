package main

import (
	"net"
	"syscall"
	"testing"
)

// TestDatabaseDialer reads from the kernel what it was told of a connection.
func TestDatabaseDialer(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was sent
	c, err := databaseDialer().DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing was sent
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for what, o := range map[string][3]int{
		"keepalive":             {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		"idle seconds":          {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 10},
		"seconds between":       {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 5},
		"probes":                {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3},
		"unacknowledged millis": {syscall.IPPROTO_TCP, tcpUserTimeout, 25_000},
	} {
		var got int
		var get error
		if err := raw.Control(func(fd uintptr) { got, get = syscall.GetsockoptInt(int(fd), o[0], o[1]) }); err != nil || get != nil {
			t.Fatal(err, get)
		}
		if got != o[2] {
			t.Errorf("%s: %d, want %d", what, got, o[2])
		}
	}
}
