package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"hangup/answer"
	"hangup/event"
	"hangup/parser"
	"hangup/store"
)

// behindAfter is how long something may be unread before a source is called behind.
const behindAfter = 5 * time.Second

// ListSources gives the sources.
func (s *service) ListSources(ctx context.Context, _ ListSourcesRequestObject) (ListSourcesResponseObject, error) {
	list, err := s.sources(ctx)
	return ListSources200JSONResponse{Items: list}, err
}

// sources returns what is stored about each source with what its reader says now.
func (s *service) sources(ctx context.Context) ([]Source, error) {
	list, err := s.Store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	live, now := s.status(), s.now()
	out := make([]Source, len(list))
	for i, v := range list {
		state, ok := live[v.ID]
		out[i] = s.toSource(v, state, ok, now)
	}
	return out, nil
}

func (s *service) toSource(v store.Source, state event.SourceState, live bool, now time.Time) Source {
	a := v.Accounts
	out := Source{
		Id: strconv.FormatInt(v.ID, 10), Service: v.Service, Path: v.Path, Format: v.Format, Confidence: v.Confidence,
		State: SourceStateStopped, Files: int(v.Open), LagBytes: v.Behind,
		LastEventAt: utc(v.LastEventAt), CommittedAt: utc(v.CommittedAt), Quarantined: &v.Quarantined,
		Records: SourceRecords{
			Read: v.Read(), Request: a.Requests, Disconnect: a.Disconnects, Other: a.Others, Unparsed: a.Unparsed, Skipped: a.Skipped,
		},
		Bytes: SourceBytes{
			Committed: v.Off, Parsed: a.ParsedBytes, Skipped: a.SkippedBytes, Unparsed: a.UnparsedBytes, Oversize: a.OversizeBytes, Lost: v.Lost,
		},
	}
	if n := v.Read() - a.Skipped; n > 0 {
		r := answer.Share(a.Unparsed, n)
		out.UnparsedRate = &r
	}
	if !live {
		out.Advice, out.Durations = s.hidden(parser.FormatsOf(v.Format))
		return out
	}
	out.State = liveState(state, now)
	out.Files, out.FilesIdle, out.FilesWaiting = state.Files, state.Idle, state.Waiting
	out.LagBytes, out.WorstLagBytes = max(0, state.Size-state.Off), max(0, state.WorstLag)
	if !state.BehindSince.IsZero() {
		out.LagSeconds = max(0, now.Sub(state.BehindSince).Seconds())
	}
	out.LinesPerSecond = state.LinesPerSec
	out.Retries, out.Fenced = &state.Retries, &state.Fenced
	if out.Format == "" {
		out.Format, out.Confidence = state.Format, state.Confidence
	}
	seen := make([]parser.Guess, len(state.Formats))
	for i, f := range state.Formats {
		seen[i] = parser.Guess{Format: f.Format, Layout: f.Layout}
	}
	if len(seen) == 0 {
		seen = parser.FormatsOf(out.Format)
	}
	out.Advice, out.Durations = s.hidden(seen)
	if a := state.Alarm; !a.Since.IsZero() {
		out.Alarm = &SourceAlarm{
			Since: a.Since.UTC(), Unparsed: a.Unparsed, Of: a.Of, Format: some(event.Clean(a.Reads)), Layout: some(event.Clean(a.Layout)),
			Text: alarmText(a, out.Format),
		}
	}
	if state.LastError != "" {
		out.LastError, out.LastErrorAt = &state.LastError, some(state.LastErrorAt.UTC())
	}
	return out
}

// hidden says what a log of the formats hides, and whether it can have durations; nil without formats.
func (s *service) hidden(formats []parser.Guess) ([]Advice, *bool) {
	if len(formats) == 0 {
		return []Advice{}, nil
	}
	durations := false
	for _, g := range formats {
		durations = durations || s.Formats.HasDurations(g.Format, g.Layout)
	}
	return advise(formats), &durations
}

// alarmText says what is wrong, and what to do.
func alarmText(a event.Alarm, format string) string {
	text := fmt.Sprintf("%d of the newest %d records were not understood", a.Unparsed, a.Of)
	switch {
	case a.Reads != "" && format != "":
		return text + fmt.Sprintf(": the log is no longer %s. They look like %s: change the source's format, or leave it out to have it detected.", format, a.Reads)
	case a.Reads != "":
		return text + fmt.Sprintf(". They look like %s.", a.Reads)
	default:
		return text + ", and no known format fits them: if the server's log format was changed, give it as the source's layout."
	}
}

func liveState(s event.SourceState, now time.Time) SourceState {
	switch {
	case s.LastError != "" && !s.NoFile:
		return SourceStateFailing
	case !s.Alarm.Since.IsZero():
		return SourceStateDegraded
	case !s.BehindSince.IsZero() && now.Sub(s.BehindSince) > behindAfter:
		return SourceStateBehind
	case s.Files == 0 || s.Size == 0:
		return SourceStateWaiting
	default:
		return SourceStateReading
	}
}

// ListUnparsed gives examples of records of a source that were not understood.
func (s *service) ListUnparsed(ctx context.Context, request ListUnparsedRequestObject) (ListUnparsedResponseObject, error) {
	id, err := parseID(request.Id, 64)
	if err != nil {
		return nil, err
	}
	samples, reasons, err := s.Store.Unparsed(ctx, id, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	out := ListUnparsed200JSONResponse{Items: []UnparsedSample{}, Reasons: reasons}
	for _, v := range samples {
		out.Items = append(out.Items, UnparsedSample{
			Reason: string(v.Reason), Text: v.Text, Path: some(v.Path), Line: v.Line, Off: v.Off, SeenAt: v.SeenAt.UTC(),
		})
	}
	return out, nil
}

// ListFiles gives the files of a source.
func (s *service) ListFiles(ctx context.Context, request ListFilesRequestObject) (ListFilesResponseObject, error) {
	id, err := parseID(request.Id, 64)
	if err != nil {
		return nil, err
	}
	files, total, err := s.Store.Files(ctx, id, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	out := ListFiles200JSONResponse{Items: []SourceFile{}, Total: total}
	for _, f := range files {
		lag := int64(0)
		if f.State == event.Live || f.State == event.Draining {
			lag = max(0, f.SizeSeen-f.Off)
		}
		out.Items = append(out.Items, SourceFile{
			Path: f.Path, State: SourceFileState(f.State), Size: f.SizeSeen, Committed: f.Off, LagBytes: lag, Lost: f.Lost, Lines: f.Lines,
			FirstSeenAt: f.FirstSeen.UTC(), CommittedAt: utc(f.CommittedAt), LastEventAt: utc(f.LastEventAt),
		})
	}
	return out, nil
}
