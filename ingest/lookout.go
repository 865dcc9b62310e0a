package ingest

import (
	"context"
	"log/slog"
	"math/bits"
	"strings"
	"time"

	"hangup/event"
	"hangup/parser"
)

// When a source counts as not understood any more, and when as understood again. A busy log is judged by its newest
// records, a quiet one, whose records come seconds apart, by a few in a row: either way it takes less than a minute.
const (
	lookBack  = 64              // newest records that are looked at
	alarmFrom = 16              // of them, when so many are not understood
	alarmRow  = 5               // or so many in a row,
	alarmSpan = 5 * time.Second // the first and the last of which were read so far apart
	calmFrom  = 20              // so many in a row are understood
	alarmSays = time.Minute     // the log tells of one alarm of a source in this time
	keepTexts = 32              // records that are kept to find their format
	keepText  = 2 << 10         // bytes of each
)

// lookout notices when the records of one generation are not understood any more.
type lookout struct {
	last  uint64 // the newest records, a bit each: 1 for one that was not understood
	seen  int    // how many of them there are
	row   int    // newest records that are alike
	bad   bool   // as which
	since time.Time
	texts []string // the newest that were not understood
}

// add takes the next record, read at seen. It says whether it is time to raise the alarm, or to call it off.
func (w *lookout) add(r *event.Record, seen time.Time) (raise, calm bool) {
	bad := r.Kind == event.Unparsed
	switch {
	case r.Kind == event.Skipped:
		return false, false
	case w.row == 0 || bad != w.bad:
		w.row, w.bad, w.since = 0, bad, seen
	}
	w.row++
	w.seen = min(w.seen+1, lookBack)
	w.last <<= 1
	slow := w.row >= alarmRow && seen.Sub(w.since) >= alarmSpan
	if !bad {
		return false, w.row == calmFrom || slow && w.row < calmFrom
	}
	w.last |= 1
	if len(w.texts) >= keepTexts {
		w.texts = append(w.texts[:0], w.texts[keepTexts/2:]...)
	}
	w.texts = append(w.texts, strings.Clone(clip(r.Text, keepText)))
	return slow || bits.OnesCount64(w.last) >= alarmFrom, false
}

// look watches a record.
func (w *follower) look(r *event.Record) {
	raise, calm := w.lookout.add(r, w.seen)
	if raise && !w.alarmed {
		w.alarmed = true
		w.m.raise(&w.lookout, w.seen)
	}
	if calm {
		w.alarmed = false
		w.m.calm()
	}
}

// raise shows that the newest records of the source are not understood, and which format would read them. The log says
// so once, not once a record.
func (m *manager) raise(w *lookout, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.alarm.Since.IsZero() { // by the follower of another generation
		return
	}
	m.alarm = event.Alarm{Since: now, Unparsed: bits.OnesCount64(w.last), Of: w.seen}
	level := slog.LevelDebug
	if m.alarmSaid.IsZero() || now.Sub(m.alarmSaid) >= alarmSays { // a log can be made to flap
		level, m.alarmSaid = slog.LevelWarn, now
		given := m.source.Parser.Format != "" || m.source.Parser.Layout != "" // else the parser looks for itself
		if d := parser.DetectLog(w.texts, parser.Options{User: m.source.Parser.User}, now); given && d.Share >= parser.Enough && d.Name() != m.found {
			m.alarm.Reads = d.Name()
			if len(d.Formats) > 0 {
				m.alarm.Layout = d.Formats[0].Layout
			}
		}
	}
	m.Status.change(m.id, func(x *sourceStatus) { x.Alarm, x.Alarms = m.alarm, x.Alarms+1 })
	m.log.LogAttrs(context.Background(), level, "lines are not understood any more", slog.Int("unparsed", m.alarm.Unparsed),
		slog.Int("of", m.alarm.Of), slog.String("format", m.found), slog.String("reads", m.alarm.Reads))
}

// calm calls the alarm off, if there is one.
func (m *manager) calm() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.alarm.Since.IsZero() {
		return
	}
	level := slog.LevelDebug
	if m.alarm.Since.Equal(m.alarmSaid) {
		level = slog.LevelInfo
	}
	m.alarm = event.Alarm{}
	m.Status.change(m.id, func(x *sourceStatus) { x.Alarm = event.Alarm{} })
	m.log.LogAttrs(context.Background(), level, "lines are understood again")
}
