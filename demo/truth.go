package demo

import (
	"sync"
	"sync/atomic"
	"time"
)

// Cause is a planted reason why a client did not get its whole response.
type Cause string

// The planted causes.
const (
	LibraryTimeout Cause = "library_timeout" // a client library gave up after 2.0 s
	BadNetwork     Cause = "bad_network"     // the connection was reset
	Impatience     Cause = "impatience"      // a person left before the page came
)

// Stats is what the clients of a run lived through, by their own account.
type Stats struct {
	Exchanges int64           // requests sent
	Completed int64           // responses read to their end, whatever their status
	HungUp    map[Cause]int64 // exchanges that the client ended, by the reason it had
	Failed    int64           // exchanges that the server ended
	Cut       int64           // exchanges that the end of the run cut off; they may have left no record
	IdleReset int64           // connections reset by the client after a complete response
}

// HangUps is the number of exchanges that clients ended, for whatever reason.
func (s Stats) HangUps() int64 {
	var n int64
	for _, v := range s.HungUp {
		n += v
	}
	return n
}

// outcome says how an exchange ended for its client.
type outcome int

const (
	notSent outcome = iota // the request never left
	completed
	hungUp
	failed
	cutOff
)

// exchange is a client's account of one request.
type exchange struct {
	id        string // of 32 hexadecimal digits, as in the logs
	method    string
	target    string
	client    string
	userAgent string
	outcome   outcome
	cause     Cause // when outcome is hungUp
	status    int   // 0 if no response began
	bytes     int64 // of the response's body that the client read
	took      time.Duration
}

// truth collects the accounts of all clients.
type truth struct {
	observe func(exchange)
	cutting atomic.Bool // the run is cutting connections off

	mu sync.Mutex
	s  Stats
}

// add takes one account.
func (t *truth) add(e exchange) {
	t.mu.Lock()
	t.s.Exchanges++
	switch e.outcome {
	case completed:
		t.s.Completed++
	case hungUp:
		if t.s.HungUp == nil {
			t.s.HungUp = map[Cause]int64{}
		}
		t.s.HungUp[e.cause]++
	case failed:
		t.s.Failed++
	default:
		t.s.Cut++
	}
	t.mu.Unlock()
	if t.observe != nil {
		t.observe(e)
	}
}

// addIdleReset notes that a client reset a connection without an exchange on it.
func (t *truth) addIdleReset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.IdleReset++
}

// stats returns the sums so far; nothing may be added any more.
func (t *truth) stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.s
}
