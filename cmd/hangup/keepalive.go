package main

import (
	"net"
	"time"
)

// silentPeer is how long a connection to the database may be without an answer of the other machine, with data on their
// way or none, until it is taken for dead: a machine that lost its power says nothing.
const silentPeer = 25 * time.Second

// databaseDialer returns a dialer whose connections find out that the other machine has gone.
func databaseDialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
		Control:         limitSilence,
	}
}
