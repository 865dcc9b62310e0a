package event

import (
	"slices"
	"time"
)

// Refuse moves one hang-up out of the batch into quarantine, because the database does not take its values, and takes
// it out of every count, so that counts and stored rows stay equal. Its bytes count as unparsed.
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
	for j := range b.Minutes {
		m := &b.Minutes[j]
		if m.Route == h.Route && m.Agent == h.Agent && m.Start.Equal(h.Time.Truncate(time.Minute)) {
			m.Counts.Sub(one)
			if h.Duration.OK && h.Phase != PhaseIdle {
				m.Drop.Remove(h.Duration.V.Milliseconds())
			}
			break
		}
	}
	for j := range b.Clients {
		c := &b.Clients[j]
		if c.Client == h.Client && c.Start.Equal(h.Time.Truncate(time.Hour)) {
			c.Counts.Sub(one)
			break
		}
	}
	b.Activity = slices.DeleteFunc(b.Activity, func(a Activity) bool { return a.Off == h.Start })
}
