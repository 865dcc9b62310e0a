package event

import (
	"maps"
	"slices"
	"time"
)

// Refuse moves hang-ups, named by their places in Disconnects, out of the batch into quarantine, because the database does
// not take their values for the reasons given, and takes them out of every count, so that counts and stored rows stay equal.
// Their bytes count as unparsed. Counts that are of these hang-ups alone go with them: they hold their values.
func (b *Batch) Refuse(reasons map[int]string) {
	if len(reasons) == 0 {
		return
	}
	minutes, clients := b.Minutes.List(), b.Clients.List()
	type minuteKey struct {
		start int64
		route Route
		agent Agent
	}
	type clientKey struct {
		start  int64
		client string
	}
	minuteOf, clientOf := map[minuteKey]*Minute{}, map[clientKey]*ClientHour{}
	for i := range minutes {
		m := &minutes[i]
		minuteOf[minuteKey{m.Start.Unix(), m.Route, m.Agent}] = m
	}
	for i := range clients {
		c := &clients[i]
		clientOf[clientKey{c.Start.Unix(), c.Client}] = c
	}
	refused, last := map[int64]bool{}, false
	for _, i := range slices.Sorted(maps.Keys(reasons)) {
		h := &b.Disconnects[i]
		size := h.End - h.Start
		b.Accounts.Disconnects--
		b.Accounts.Unparsed++
		b.Accounts.ParsedBytes -= size
		b.Accounts.UnparsedBytes += size
		b.Quarantine = append(b.Quarantine, Quarantine{Off: h.Start, End: h.End, Line: h.Line, Reason: reasons[i], Text: h.Text})
		refused[h.Start] = true
		last = last || b.LastEvent.Equal(h.Time)

		var one Counts
		one.Count(&h.Event)
		if m := minuteOf[minuteKey{h.Time.Truncate(time.Minute).Unix(), h.Route, h.Agent}]; m != nil {
			m.Counts.Sub(one)
			if h.Exchange && h.Duration.OK && h.Phase != PhaseIdle {
				m.Drop.Remove(h.Duration.V.Milliseconds())
			}
		}
		if c := clientOf[clientKey{h.Time.Truncate(time.Hour).Unix(), h.Client}]; c != nil {
			one.Bytes = 0 // are not kept by client
			c.Counts.Sub(one)
		}
	}
	b.Disconnects = slices.DeleteFunc(b.Disconnects, func(h Hangup) bool { return refused[h.Start] })
	b.Minutes = MinutesOf(slices.DeleteFunc(minutes, func(m Minute) bool {
		return m.Counts == Counts{} && m.Done.Count() == 0 && m.Drop.Count() == 0
	}))
	b.Clients = ClientsOf(slices.DeleteFunc(clients, func(c ClientHour) bool { return c.Counts == Counts{} }))
	b.Signs = SignsOf(slices.DeleteFunc(b.Signs.List(), func(a Activity) bool { return refused[a.Off] }))
	if last {
		b.LastEvent = b.latest()
	}
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
	for c := range b.Clients.All() {
		later(c.LastSeen)
	}
	for c := range b.Minutes.All(false) {
		later(time.Unix(c.Minute*60, 0).UTC())
	}
	return t
}
