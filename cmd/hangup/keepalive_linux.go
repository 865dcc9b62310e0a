package main

import (
	"strings"
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), in milliseconds: how long sent data may stay without acknowledgement.
const tcpUserTimeout = 0x12

// limitSilence is a net.Dialer's Control. Without the option the kernel sends again for a quarter of an hour, and sends no
// keepalives meanwhile.
func limitSilence(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var set error
	if err := c.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(silentPeer.Milliseconds()))
	}); err != nil {
		return err
	}
	return set
}
