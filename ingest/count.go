package ingest

import "hangup/event"

// few is an event.Counts of little room, without bytes: most count requests only.
type few struct {
	requests, extra uint32 // extra is the place in extras + 1 of what else there is; 0 for nothing
}

// add counts one event.
func (n *few) add(e *event.Event, extras *[]event.Counts) {
	if e.Kind == event.Disconnect {
		n.addRare(e, extras)
	} else if e.Exchange {
		n.requests++
	}
}

// addRare is kept apart so that add is inlined.
func (n *few) addRare(e *event.Event, extras *[]event.Counts) { n.more(extras).Count(e) }

// merge adds other, whose extras are from.
func (n *few) merge(other few, from []event.Counts, extras *[]event.Counts) {
	n.requests += other.requests
	if other.extra > 0 {
		n.more(extras).Add(from[other.extra-1])
	}
}

func (n *few) more(extras *[]event.Counts) *event.Counts {
	if n.extra == 0 {
		*extras = append(*extras, event.Counts{})
		n.extra = uint32(len(*extras))
	}
	return &(*extras)[n.extra-1]
}

// whole returns all that was counted, without bytes.
func (n *few) whole(extras []event.Counts) event.Counts {
	c := event.Counts{Requests: int64(n.requests)}
	if n.extra > 0 {
		c.Add(extras[n.extra-1])
		c.Bytes = 0
	}
	return c
}

// count is few with the bytes.
type count struct {
	few
	bytes int64 // but for those of extra
}

// add counts one event. It does not call few's, which would ask the same of the event once more.
func (n *count) add(e *event.Event, extras *[]event.Counts) {
	if e.Kind == event.Disconnect {
		n.addRare(e, extras)
	} else if e.Exchange {
		n.requests++
		n.bytes += e.Bytes.V // 0 when there is none
	}
}

// merge adds other, whose extras are from.
func (n *count) merge(other count, from []event.Counts, extras *[]event.Counts) {
	n.bytes += other.bytes
	n.few.merge(other.few, from, extras)
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
