// Package join holds the rule by which the report of a hang-up, in an error log or of an application, is joined to the
// record that counts the same hang-up: an access log's own, or, where the access log does not say that the exchange was
// dropped, the report of another source. It is pure: it does no I/O and starts no goroutine.
package join

import "time"

// Window is how far apart in time two records of one hang-up may be at most.
const Window = 15 * time.Minute

// A report comes while the exchange is under way, give or take 2 s (access logs stamp the begin or the end of an exchange,
// often in whole seconds), or up to 30 s later (an application finds out only when it writes).
const (
	Before = 2 * time.Second
	After  = 30 * time.Second
)

// The same in µs.
const (
	window = int64(Window / time.Microsecond)
	before = int64(Before / time.Microsecond)
	after  = int64(After / time.Microsecond)
)

// Record is a hang-up as far as joining looks at it. Texts are hashes, 0 where the record has none; times are in µs.
type Record struct {
	At, Duration                    int64
	Source, Generation, Off         int64
	Client, Path, Method, RequestID uint64
	Route                           uint64
	Port                            uint16
	Exchange                        bool    // of an access log
	Report                          bool    // to be joined, if another record counts its hang-up
	Taken                           []int64 // sources that have a report joined to this record already
}

// Pair says that the hang-up of one record, a report, is counted by another. Both are places in the list of records.
type Pair struct{ Report, Target int }

// What a report knows of the hang-up. Two records fit when nothing that both know differs and the client and the port, or
// the client and the path, are the same. A report without a client fits exchanges of its route and path.
const (
	knowsPort = 1 << iota
	knowsPath
	knowsMethod
	knowsRequest
	knowsRoute // instead of its client
	shapes     = 1 << iota
)

// key is what records of one list have in common: the fields of same, all others are 0. Lists are made for what reports of
// one shape know: a record is in the list of the fields that it knows as well.
type key struct {
	shape, same             uint8
	exchange                bool
	port                    uint16
	who, path, method, call uint64 // who is the client or the route
}

// lasts returns how long the exchange took, as far as it matters.
func (r *Record) lasts() int64 { return min(r.Duration, window) }

// shape returns what a record knows.
func (r *Record) shape() (s uint8) {
	if r.Port != 0 {
		s |= knowsPort
	}
	if r.Path != 0 {
		s |= knowsPath
	}
	if r.Method != 0 {
		s |= knowsMethod
	}
	if r.RequestID != 0 {
		s |= knowsRequest
	}
	return s
}

// reportShape returns what counts of what a report knows.
func (r *Record) reportShape() uint8 {
	if r.Client == 0 {
		return knowsRoute | r.shape()&(knowsPath|knowsRequest)
	}
	return r.shape()
}

// enough says whether records that have so much in common may be of one hang-up.
func enough(same uint8) bool {
	if same&knowsRoute != 0 {
		return same&knowsPath != 0
	}
	return same&(knowsPort|knowsPath) != 0
}

// key returns what a record has in common with those of a list for reports of a shape.
func (r *Record) key(shape, same uint8, exchange bool) key {
	k := key{shape: shape, same: same, exchange: exchange, who: r.Client}
	if shape&knowsRoute != 0 {
		k.who = r.Route
	}
	if same&knowsPort != 0 {
		k.port = r.Port
	}
	if same&knowsPath != 0 {
		k.path = r.Path
	}
	if same&knowsMethod != 0 {
		k.method = r.Method
	}
	if same&knowsRequest != 0 {
		k.call = r.RequestID
	}
	return k
}
