package ingest

import "hangup/event"

// count is an event.Counts of little room: most count requests and their bytes only.
type count struct {
	requests, extra uint32 // extra is the place in extras + 1 of what else there is; 0 for nothing
	bytes           int64
}

// add counts one event.
func (n *count) add(e *event.Event, extras *[]event.Counts) {
	if e.Kind == event.Disconnect {
		n.addRare(e, extras)
	} else if e.Exchange {
		n.requests++
		n.bytes += e.Bytes.V // 0 when there is none
	}
}

// addRare is kept apart so that add is inlined.
func (n *count) addRare(e *event.Event, extras *[]event.Counts) { n.more(extras).Count(e) }

// merge adds other, whose extras are from.
func (n *count) merge(other count, from []event.Counts, extras *[]event.Counts) {
	n.requests += other.requests
	n.bytes += other.bytes
	if other.extra > 0 {
		n.more(extras).Add(from[other.extra-1])
	}
}

func (n *count) more(extras *[]event.Counts) *event.Counts {
	if n.extra == 0 {
		*extras = append(*extras, event.Counts{})
		n.extra = uint32(len(*extras))
	}
	return &(*extras)[n.extra-1]
}

// whole returns all that was counted.
func (n *count) whole(extras []event.Counts) event.Counts {
	c := event.Counts{Requests: int64(n.requests), Bytes: n.bytes}
	if n.extra > 0 {
		c.Add(extras[n.extra-1])
	}
	return c
}

// minuteSum is what happened in a minute, by the order of records: one minute may stand at several places.
type minuteSum struct{ minute, requests, hangups int64 }

func (m *minuteSum) add(e *event.Event) {
	if e.Exchange {
		m.requests++
	}
	if e.Kind == event.Disconnect && e.Phase != event.PhaseIdle {
		m.hangups++
	}
}
