// Package report answers from log files, in one pass and without a database, what the service answers from its store:
// which routes make clients hang up, who hangs up, when, and after how long. It counts with ingest's own counting, joins
// reports to exchanges by the store's rule, and holds a bounded amount however large the files are.
package report

import (
	"time"

	"hangup/answer"
	"hangup/event"
)

// Report is the answer from a set of logs.
type Report struct {
	Verdict answer.Verdict

	From, To time.Time // the minute of the first counted record and the time of the last, UTC; zero without one
	Filter   Filter    // what it leaves out by time or client is in the sources' Others

	event.Counts
	Joined    int64            // reports left out because another record counts the same hang-up
	Unmatched int64            // reports that could not be compared with all exchanges near them, because these were too many
	Clients   int64            // different clients with a hang-up
	MoreThan  bool             // there are more clients than Clients
	ByHow     map[string]int64 // hang-ups
	ByPhase   map[string]int64
	Completed event.Histogram // ages of completed exchanges, ms
	Abandoned event.Histogram // ages of dropped exchanges, ms
	Peaks     []Peak

	Step   time.Duration // of Series
	Series []Point       // in order and without a gap, 240 at most

	Routes      []Route // those with hang-ups first, by excess
	RoutesAll   int     // how many there are
	TopClients  []Client
	ClientsPart bool // there were too many clients to hold: the requests of a client are at least so many
	Agents      []Agent

	Sources []Source
}

// Read returns how many records were read: request + disconnect + other + unparsed + skipped.
func (r *Report) Read() event.Accounts {
	var a event.Accounts
	for i := range r.Sources {
		a.Add(r.Sources[i].Accounts)
	}
	return a
}

// Point is what happened in one step of time.
type Point struct {
	Start    time.Time
	Requests int64
	Hangups  int64
}

// Route is what happened to one route.
type Route struct {
	event.Route
	event.Counts
	Excess    float64 // hang-ups above what the rate of all requests would give
	Completed event.Histogram
	Abandoned event.Histogram
	Peaks     []Peak
}

// Client is what one client did.
type Client struct {
	Client   string
	Scope    string // "loopback", "private", "public" or "" when it is not known
	Requests int64
	Hangups  int64
	LastSeen time.Time
}

// Agent is what clients of one kind did.
type Agent struct {
	event.Agent
	event.Counts
}

// Source is one log with its rotated files.
type Source struct {
	Name       string
	Files      []string // in the order in which they were read
	Format     string   // "" when none was found
	Confidence float64
	Bytes      int64 // what was read, decompressed
	event.Accounts
	Samples  []Sample // of records that were not understood
	Problems []string // what kept files from being read whole
}

// Sample is an example of a record that was not understood.
type Sample struct {
	File string
	event.Sample
}

// Share returns the share of the source's records, blank lines apart, that was not understood.
func (s *Source) Share() float64 { return answer.Share(s.Unparsed, s.Records()-s.Skipped) }
