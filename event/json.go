package event

import (
	"encoding/json"
	"strings"
	"time"
)

// recordJSON is a record in the keys and the order in which `hangup parse` prints it.
type recordJSON struct {
	Line           int64    `json:"line"`
	Lines          int      `json:"lines"`
	Event          Kind     `json:"event"`
	Reason         Reason   `json:"reason,omitempty"`
	Party          Party    `json:"party,omitzero"`
	How            How      `json:"how,omitzero"`
	Phase          Phase    `json:"phase,omitzero"`
	Time           string   `json:"time,omitempty"`
	Zone           string   `json:"zone,omitempty"`
	Client         string   `json:"client,omitempty"`
	ClientPort     uint16   `json:"client_port,omitzero"`
	Method         string   `json:"method,omitempty"`
	Path           string   `json:"path,omitempty"`
	Query          string   `json:"query,omitempty"`
	Protocol       string   `json:"protocol,omitempty"`
	Host           string   `json:"host,omitempty"`
	Status         *int     `json:"status,omitempty"`
	Bytes          *int64   `json:"bytes,omitempty"`
	DurationMS     *float64 `json:"duration_ms,omitempty"`
	Upstream       string   `json:"upstream,omitempty"`
	UpstreamMS     *float64 `json:"upstream_ms,omitempty"`
	UpstreamStatus int      `json:"upstream_status,omitzero"`
	UserAgent      string   `json:"user_agent,omitempty"`
	Referer        string   `json:"referer,omitempty"`
	RequestID      string   `json:"request_id,omitempty"`
	Logger         string   `json:"logger,omitempty"`
	Level          string   `json:"level,omitempty"`
	PID            int      `json:"pid,omitzero"`
	Message        string   `json:"message,omitempty"`
	Recovered      bool     `json:"recovered,omitzero"`
	Text           string   `json:"text,omitempty"`
}

// MarshalJSON writes the record as one JSON object. Keys that the record does not give are left out, times are
// RFC 3339 in UTC with as many digits as are not zero, durations are milliseconds, and text that is not valid UTF-8
// or holds NUL has U+FFFD in its place. The text of a record is written only when the record is unparsed.
func (r Record) MarshalJSON() ([]byte, error) {
	j := recordJSON{
		Line: r.Line, Lines: r.Lines, Event: r.Kind, Reason: r.Reason,
		Party: r.Party, How: r.How, Phase: r.Phase,
		Client: Clean(r.Client), ClientPort: r.ClientPort,
		Method: Clean(r.Method), Path: Clean(r.Path), Query: Clean(r.Query), Protocol: Clean(r.Protocol), Host: Clean(r.Host),
		Bytes: r.Bytes.Ptr(), DurationMS: milliseconds(r.Duration),
		Upstream: Clean(r.Upstream), UpstreamMS: milliseconds(r.UpstreamDuration), UpstreamStatus: r.UpstreamStatus,
		UserAgent: Clean(r.UserAgent), Referer: Clean(r.Referer), RequestID: Clean(r.RequestID),
		Logger: Clean(r.Logger), Level: Clean(r.Level), PID: r.PID, Message: Clean(r.Message),
		Recovered: r.Recovered,
	}
	if r.Status != 0 || r.ZeroStatus {
		j.Status = &r.Status
	}
	if !r.Time.IsZero() {
		j.Time = r.Time.UTC().Format(time.RFC3339Nano)
	}
	if r.ZoneAssumed {
		j.Zone = "assumed"
	}
	if r.Kind == Unparsed {
		j.Text = Clean(r.Text)
	}
	return json.Marshal(j)
}

func milliseconds(d Opt[time.Duration]) *float64 {
	if !d.OK {
		return nil
	}
	ms := float64(d.V) / float64(time.Millisecond)
	return &ms
}

// Clean returns s with invalid UTF-8 and NUL replaced by U+FFFD, as PostgreSQL's text and JSON need it.
// It returns s itself when there is nothing to replace.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}
