package parser

import (
	"fmt"
	"reflect"
	"testing"

	"hangup/event"
)

// labLabel is what is known of a line that reports a disconnect: its kind, and what stands in it.
type labLabel struct {
	File  string
	Line  int64
	Lines int

	Party, How, Phase string
	Soft              string // why the kind is arguable
	Dup               bool   // another record of the log is about the same event

	Client, Method, Path string
	ClientPort           uint16 `json:"client_port"`
	Status, PID          int
	Upstream, Level, RID string
	ContextMethod        string `json:"context_method"` // of the request line before it
	ContextPath          string `json:"context_path"`
}

// String names the label's kind as counts.json does.
func (l *labLabel) String() string {
	s := l.Party + "/" + l.How + "/" + l.Phase
	if l.Soft != "" {
		s += " soft:" + l.Soft
	}
	if l.Dup {
		s += " dup"
	}
	return s
}

// compare reads a log and counts in what its records differ from the labels and the counts. It returns the disconnects
// that are no idle closes, and the format that the log was read by.
func (l *lab) compare(t *testing.T, file string, log []byte, o Options) (differs map[string]int, gone []event.Record, format string) {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	differs = map[string]int{}
	labels, met, kinds := l.labels[file], 0, map[event.Kind]int{}
	feed(p, log, func(r *event.Record) {
		kinds[r.Kind]++
		if r.Kind == event.Disconnect && r.Phase != event.PhaseIdle {
			gone = append(gone, *r)
		}
		var first *labLabel
		for line := r.Line; line < r.Line+int64(r.Lines); line++ {
			switch label := labels[line]; {
			case label == nil:
			case first != nil:
				met++
				differs[label.String()+": in one record with the label before"]++
			default:
				met++
				first = label
				label.differ(r, differs)
			}
		}
		if first == nil && r.Kind == event.Disconnect {
			t.Errorf("%s:%d: no label, is %s/%s/%s: %.200q", file, r.Line, r.Party, r.How, r.Phase, r.Text)
		}
	})
	if met != len(labels) {
		t.Errorf("%s: %d of %d labels are met", file, met, len(labels))
	}
	for _, k := range []event.Kind{event.Unparsed, event.Other, event.Request, event.Disconnect} {
		want, _ := l.counts[file][k.String()].(float64) // none for those that are unparsed
		if n := kinds[k] - int(want); n != 0 {
			differs[k.String()] = n
		}
	}
	format, _ = p.Format()
	return differs, gone, format
}

// differ counts in what a record differs from its label.
func (l *labLabel) differ(r *event.Record, differs map[string]int) {
	is := r.Kind.String()
	if r.Kind == event.Disconnect {
		is = fmt.Sprintf("%s/%s/%s", r.Party, r.How, r.Phase)
	}
	if is != l.Party+"/"+l.How+"/"+l.Phase {
		differs[l.String()+": "+is]++
	}
	if r.Kind != event.Disconnect {
		return
	}
	if n := l.Line - r.Line; n != 0 {
		differs[fmt.Sprintf("%d lines before the label belong to the record", n)]++
	} else if l.Lines != r.Lines {
		differs[fmt.Sprintf("%d lines, labelled %d", r.Lines, l.Lines)]++
	}
	for key, pair := range map[string][2]any{
		"client":      {l.Client, r.Client},
		"client_port": {l.ClientPort, r.ClientPort},
		"method":      {l.Method, r.Method},
		"path":        {l.Path, r.Path},
		"status":      {l.Status, r.Status},
		"pid":         {l.PID, r.PID},
		"upstream":    {l.Upstream, r.Upstream},
		"level":       {l.Level, r.Level},
		"request_id":  {r.RequestID, l.RID},

		"method of the context": {l.ContextMethod, r.Method},
		"path of the context":   {l.ContextPath, r.Path},
		"recovered":             {l.ContextPath != "", r.Recovered},
	} {
		if !reflect.ValueOf(pair[0]).IsZero() && pair[0] != pair[1] {
			differs[key]++
		}
	}
}
