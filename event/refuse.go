package event

import (
	"slices"
	"time"
)

// Refuse moves one hang-up out of the batch into quarantine, because the database does not take its values, and takes
// it out of every count, so that counts and stored rows stay equal. Its bytes count as unparsed. Counts that are of this
// hang-up alone go with it: they hold its values.
func (b *Batch) Refuse(i int, reason string) {
	h := b.Disconnects[i]
	b.Disconnects = slices.Delete(b.Disconnects, i, i+1)
	size := h.End - h.Start
	b.Accounts.Disconnects--
	b.Accounts.Unparsed++
	b.Accounts.ParsedBytes -= size
	b.Accounts.UnparsedBytes += size
	b.Quarantine = append(b.Quarantine, Quarantine{Off: h.Start, End: h.End, Line: h.Line, Reason: reason, Text: h.Text})

	var one Counts
	one.Count(&h.Event)
	minutes := b.Minutes.List()
	for j := range minutes {
		m := &minutes[j]
		if m.Route == h.Route && m.Agent == h.Agent && m.Start.Equal(h.Time.Truncate(time.Minute)) {
			m.Counts.Sub(one)
			if h.Exchange && h.Duration.OK && h.Phase != PhaseIdle {
				m.Drop.Remove(h.Duration.V.Milliseconds())
			}
			if m.Counts == (Counts{}) && m.Done.Count() == 0 && m.Drop.Count() == 0 {
				minutes = slices.Delete(minutes, j, j+1) // its texts and time are the record's alone
			}
			break
		}
	}
	b.Minutes = MinutesOf(minutes)
	for j := range b.Clients {
		c := &b.Clients[j]
		if c.Client == h.Client && c.Start.Equal(h.Time.Truncate(time.Hour)) {
			c.Counts.Sub(one)
			if c.Counts == (Counts{}) {
				b.Clients = slices.Delete(b.Clients, j, j+1)
			}
			break
		}
	}
	if b.LastEvent.Equal(h.Time) {
		b.LastEvent = b.latest()
	}
	b.Activity = slices.DeleteFunc(b.Activity, func(a Activity) bool { return a.Off == h.Start })
}

// latest returns the time of the newest event that the batch still tells of.
func (b *Batch) latest() (t time.Time) {
	later := func(u time.Time) {
		if u.After(t) {
			t = u
		}
	}
	for i := range b.Disconnects {
		later(b.Disconnects[i].Time)
	}
	for i := range b.Clients {
		later(b.Clients[i].LastSeen)
	}
	for c := range b.Minutes.All(false) {
		later(time.Unix(c.Minute*60, 0).UTC())
	}
	return t
}
