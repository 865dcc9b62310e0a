package api

import (
	"hangup/answer"
	"hangup/event"
	"hangup/store"
)

// verdict says in one sentence what the figures mean. before is what they are compared with, or nil.
func verdict(s store.Summary, before *event.Counts, hasData bool) Verdict {
	f := answer.Facts{Counts: s.Counts, Before: before, HasData: hasData}
	if t := s.Top; t != nil {
		f.Top = &answer.Route{Route: t.Route, Counts: t.Counts, Abandoned: &t.Ages.Abandoned}
	}
	v := answer.Of(f)
	return Verdict{Level: VerdictLevel(v.Level), Text: v.Text}
}
