package parser

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hangup/event"
)

// labRequest is a request as the driver sent it.
type labRequest struct {
	RID, Client string
	Port        uint16 `json:"client_port"`
	Behaviour   string
	Start       time.Time
	Closed      float64 `json:"closed_ms"` // milliseconds after Start the client closed, or had its answer
	Disconnect  bool    // the response was not complete

	seen  bool   // a record of some log is about its end
	taken string // the log whose record was given to it
}

func (q *labRequest) end() time.Time {
	return q.Start.Add(time.Duration(q.Closed * float64(time.Millisecond)))
}

// labTruth is what became of a server's requests.
type labTruth struct {
	all         []*labRequest // by their ends
	byID        map[string]*labRequest
	connections map[string][]*labRequest // in the order in which they were sent

	named, given int // disconnects that were judged: that name a request or its connection, and that do not
}

func newLabTruth(all []*labRequest) *labTruth {
	truth := &labTruth{all: all, byID: map[string]*labRequest{}, connections: map[string][]*labRequest{}}
	slices.SortFunc(all, func(a, b *labRequest) int { return a.end().Compare(b.end()) })
	for _, q := range all {
		truth.byID[q.RID] = q
		c := fmt.Sprint(q.Client, ":", q.Port)
		truth.connections[c] = append(truth.connections[c], q)
	}
	return truth
}

// judge finds the request that each disconnect is about, and counts those that were answered in full.
func (truth *labTruth) judge(t *testing.T, file string, gone []event.Record) map[string]int {
	t.Helper()
	answered := map[string]int{}
	about := func(r *event.Record, q *labRequest) {
		q.taken = file
		if q.Disconnect {
			q.seen = true
			return
		}
		answered[fmt.Sprintf("%s: %s/%s/%s", q.Behaviour, r.Party, r.How, r.Phase)]++
		if q.Behaviour == "complete" && r.Party == event.PartyClient {
			t.Errorf("%s:%d: the client of %s read its answer and stayed: %.200q", file, r.Line, q.RID, r.Text)
		}
	}
	slices.SortStableFunc(gone, func(a, b event.Record) int { return a.Time.Compare(b.Time) })
	var nameless []*event.Record
	for i := range gone {
		if q := truth.find(&gone[i]); q != nil {
			about(&gone[i], q)
		} else {
			nameless = append(nameless, &gone[i])
		}
	}
	for _, r := range nameless {
		if q := truth.give(r, file); q != nil {
			about(r, q)
		} else {
			t.Errorf("%s:%d: no request broke off then: %.200q", file, r.Line, r.Text)
		}
	}
	truth.named += len(gone) - len(nameless)
	truth.given += len(nameless)
	return answered
}

var labID = regexp.MustCompile(`\b[a-z]+-[0-9]{5,6}\b`)

// find returns the request that a record names, or the last on the connection that it names.
func (truth *labTruth) find(r *event.Record) *labRequest {
	for _, id := range labID.FindAllString(r.Text, -1) {
		if q := truth.byID[id]; q != nil {
			return q
		}
	}
	if r.ClientPort == 0 {
		return nil
	}
	var last *labRequest
	for _, q := range truth.connections[fmt.Sprint(r.Client, ":", r.ClientPort)] {
		if r.Time.IsZero() || !q.Start.After(r.Time.Add(r.Duration.V)) {
			last = q
		}
	}
	return last
}

// labLate is how long after a client has gone a server may notice: when it has worked out what it wants to send.
const labLate = 6 * time.Second

// give returns, for a record that names no request, one that no record of the file is about yet: of its client if it
// names that, that broke off at its time if it has one. Records come in the order of time and take the request that
// ended first, so that as many as possible get one.
func (truth *labTruth) give(r *event.Record, file string) *labRequest {
	for _, q := range truth.all {
		if q.taken != file && q.mayBe(r) && (r.Client == "" || r.Client == q.Client) &&
			(r.Time.IsZero() || q.Start.Before(r.Time.Add(time.Second)) && q.end().After(r.Time.Add(-labLate))) {
			return q
		}
	}
	return nil
}

// mayBe says whether a record that does not name it may be about a request: what says that the client kept a part of it
// back is about one that did, and what says nothing of the kind about any that broke off.
func (q *labRequest) mayBe(r *event.Record) bool {
	switch {
	case r.Phase != event.PhaseRequest:
		return q.Disconnect
	case r.How == event.HowTimeout:
		return q.Behaviour == "stall_body"
	default:
		return strings.HasPrefix(q.Behaviour, "half_")
	}
}

// report fails when not as many disconnects were judged as the logs have, and says how many of the requests that broke
// off are in a log of the server.
func (truth *labTruth) report(t *testing.T, judged int) {
	t.Helper()
	if truth.named+truth.given != judged {
		t.Errorf("%d disconnects were compared with the truth, want %d", truth.named+truth.given, judged)
	}
	broke, seen := 0, 0
	missed := map[string]int{}
	for _, q := range truth.all {
		switch {
		case !q.Disconnect:
		case q.seen:
			broke, seen = broke+1, seen+1
		default:
			broke++
			missed[q.Behaviour]++
		}
	}
	t.Logf("%d disconnects name their request or connection, %d do not; %d of %d requests that broke off are in a log; missed: %v",
		truth.named, truth.given, seen, broke, missed)
}
