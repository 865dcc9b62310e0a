package event

import (
	"errors"
	"time"
)

// ErrStale says that a batch does not join on to what is stored: it is stored already, or another process reads the
// file. Whoever gets it reads the stored offset again and goes on from there.
var ErrStale = errors.New("batch does not join on to what is stored")

// Batch is what one transaction stores: the records of one generation between two offsets, counted, and the new offset.
type Batch struct {
	Service    string
	Source     int64  // source id
	Generation int64  // generation id
	Epoch      string // of the database, in which the ids are right; "" for any
	Start, End int64  // the offset that must be stored now, and the one that will be
	Lines      int64  // physical lines between them
	Accounts   Accounts
	Head, Mark Print // fingerprints of the content, for End
	Size       int64 // size of the content when the batch was closed
	LastEvent  time.Time

	Disconnects []Hangup
	Minutes     Minutes // valid until whoever the batch is given to is done with it
	Clients     Clients // the same
	Signs       Signs   // the same
	Unparsed    []Sample
	Quarantine  []Quarantine
}

// Accounts count records by kind and bytes by what became of them. The bytes add up to the offset:
// off = parsed + skipped + unparsed + oversize.
type Accounts struct {
	Requests, Disconnects, Others, Unparsed, Skipped        int64 // records
	ParsedBytes, SkippedBytes, UnparsedBytes, OversizeBytes int64 // bytes, newlines included
}

// Count adds one record of n bytes.
func (a *Accounts) Count(k Kind, n int64) {
	switch k {
	case Request:
		a.Requests, a.ParsedBytes = a.Requests+1, a.ParsedBytes+n
	case Disconnect:
		a.Disconnects, a.ParsedBytes = a.Disconnects+1, a.ParsedBytes+n
	case Other:
		a.Others, a.ParsedBytes = a.Others+1, a.ParsedBytes+n
	case Skipped:
		a.Skipped, a.SkippedBytes = a.Skipped+1, a.SkippedBytes+n
	case Unparsed:
		a.Unparsed, a.UnparsedBytes = a.Unparsed+1, a.UnparsedBytes+n
	}
}

// Add adds other.
func (a *Accounts) Add(other Accounts) {
	a.Requests += other.Requests
	a.Disconnects += other.Disconnects
	a.Others += other.Others
	a.Unparsed += other.Unparsed
	a.Skipped += other.Skipped
	a.ParsedBytes += other.ParsedBytes
	a.SkippedBytes += other.SkippedBytes
	a.UnparsedBytes += other.UnparsedBytes
	a.OversizeBytes += other.OversizeBytes
}

// Records returns how many records were counted.
func (a Accounts) Records() int64 {
	return a.Requests + a.Disconnects + a.Others + a.Unparsed + a.Skipped
}

// Bytes returns the sum of all bytes accounted for.
func (a Accounts) Bytes() int64 {
	return a.ParsedBytes + a.SkippedBytes + a.UnparsedBytes + a.OversizeBytes
}

// Route is a method and a path template of low cardinality (OpenTelemetry http.route).
type Route struct{ Method, Template string }

// Templates that stand for no single path.
const (
	OtherRoute = "(other)"      // over the limit of routes
	NoRoute    = "(no request)" // the record names no request
)

// Agent is a class of user agents of low cardinality: "Firefox" "browser", "okhttp" "library", "Googlebot" "bot".
type Agent struct{ Family, Class string }

// Hangup is a disconnect as it is stored: the record with what was worked out at ingest.
type Hangup struct {
	Record
	Route       Route
	Agent       Agent
	Scope       string // where the client is: "loopback", "private", "public" or "" when it is not known
	TimeAssumed bool   // the record has no usable time; the time it was read was taken
}

// Counts are the numbers from which rates are made. An idle close is in Idle only.
type Counts struct {
	Requests int64    // exchanges in access logs, the dropped ones included
	Bytes    int64    // their body bytes
	Dropped  [4]int64 // exchanges that an access log says were dropped, by party in the order of Parties
	Reported [4]int64 // disconnects that only an error log or application reports, by party
	Idle     int64    // closes between requests
}

// PartyIndex returns the party's place in Counts.Dropped and Counts.Reported.
func PartyIndex(p Party) int {
	switch p {
	case PartyClient:
		return 0
	case PartyUpstream:
		return 1
	case PartyServer:
		return 2
	default:
		return 3
	}
}

// Count adds one event that is a request or a disconnect; other kinds add nothing.
func (c *Counts) Count(e *Event) {
	if e.Exchange {
		c.Requests++
		c.Bytes += e.Bytes.Or(0)
	}
	switch {
	case e.Kind != Disconnect:
	case e.Phase == PhaseIdle:
		c.Idle++
	case e.Exchange:
		c.Dropped[PartyIndex(e.Party)]++
	default:
		c.Reported[PartyIndex(e.Party)]++
	}
}

// Add adds other.
func (c *Counts) Add(other Counts) {
	c.Requests += other.Requests
	c.Bytes += other.Bytes
	c.Idle += other.Idle
	for i := range c.Dropped {
		c.Dropped[i] += other.Dropped[i]
		c.Reported[i] += other.Reported[i]
	}
}

// Sub takes other away.
func (c *Counts) Sub(other Counts) {
	c.Requests -= other.Requests
	c.Bytes -= other.Bytes
	c.Idle -= other.Idle
	for i := range c.Dropped {
		c.Dropped[i] -= other.Dropped[i]
		c.Reported[i] -= other.Reported[i]
	}
}

// Disconnects returns the disconnects that count: dropped and reported, idle closes excluded.
func (c Counts) Disconnects() int64 {
	var n int64
	for i := range c.Dropped {
		n += c.Dropped[i] + c.Reported[i]
	}
	return n
}

// Sample is an example of a record that was not understood.
type Sample struct {
	Off    int64
	Line   int64
	Reason Reason
	Text   string // cut and redacted
}

// Quarantine is a record whose values the database refused.
type Quarantine struct {
	Off, End int64
	Line     int64
	Reason   string // the database's words
	Text     string
}
