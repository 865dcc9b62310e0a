package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/ingest"
	"hangup/jobs"
)

// family is the metrics of one name, in Prometheus's text format.
type family struct {
	name, kind, help string
	write            func(s *samples)
}

// samples writes the values of a family.
type samples struct {
	w    io.Writer
	name string
}

// labelText escapes a label's value.
var labelText = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// add writes a value. labels are names and values in turn; suffix is "_bucket" and the like.
func (s *samples) add(suffix string, v float64, labels ...string) {
	var b strings.Builder
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(labels[i] + `="` + labelText.Replace(event.Clean(labels[i+1])) + `"`)
	}
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		text = strconv.FormatInt(int64(v), 10)
	}
	all := b.String()
	if all != "" {
		all = "{" + all + "}"
	}
	_, _ = fmt.Fprintf(s.w, "%s%s%s %s\n", s.name, suffix, all, text)
}

// writeFamilies writes families.
func writeFamilies(w io.Writer, list []family) {
	for _, f := range list {
		_, _ = fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		f.write(&samples{w, f.name})
	}
}

// sourceMetrics are the families of sources. Labels are those of the configuration: nothing of a log is in them.
func sourceMetrics(list []event.SourceState, now time.Time) []family {
	slices.SortStableFunc(list, func(a, b event.SourceState) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Path, b.Path))
	})
	each := func(f func(s *samples, v *event.SourceState, labels []string)) func(*samples) {
		return func(s *samples) {
			for i := range list {
				f(s, &list[i], []string{"service", list[i].Service, "source", list[i].Path})
			}
		}
	}
	one := func(name, kind, help string, value func(v *event.SourceState) float64) family {
		return family{"hangup_source_" + name, kind, help, each(func(s *samples, v *event.SourceState, l []string) { s.add("", value(v), l...) })}
	}
	by := func(name, kind, help, label string, values func(v *event.SourceState) []labelled) family {
		return family{"hangup_source_" + name, kind, help, each(func(s *samples, v *event.SourceState, l []string) {
			for _, x := range values(v) {
				s.add("", float64(x.n), append(slices.Clip(l), label, x.value)...)
			}
		})}
	}
	return []family{
		one("read_bytes_total", "counter", "Bytes taken from files. What is read again after a failure counts again.", func(v *event.SourceState) float64 { return float64(v.ReadBytes) }),
		one("read_lines_total", "counter", "Lines taken from files. What is read again after a failure counts again.", func(v *event.SourceState) float64 { return float64(v.ReadLines) }),
		by("committed_bytes_total", "counter", "Bytes committed, by what became of them.", "outcome", func(v *event.SourceState) []labelled {
			a := v.Accounts
			return []labelled{{"parsed", a.ParsedBytes}, {"skipped", a.SkippedBytes}, {"unparsed", a.UnparsedBytes}, {"oversize", a.OversizeBytes}}
		}),
		one("committed_lines_total", "counter", "Lines committed.", func(v *event.SourceState) float64 { return float64(v.Lines) }),
		by("committed_records_total", "counter", "Records committed, by kind.", "kind", func(v *event.SourceState) []labelled {
			a := v.Accounts
			return []labelled{{"request", a.Requests}, {"disconnect", a.Disconnects}, {"other", a.Others}, {"unparsed", a.Unparsed}, {"skipped", a.Skipped}}
		}),
		one("lost_bytes_total", "counter", "Bytes that were gone before they could be read, and are in no copy.", func(v *event.SourceState) float64 { return float64(v.LostBytes) }),
		one("quarantined_records_total", "counter", "Records whose values the database refused.", func(v *event.SourceState) float64 { return float64(v.Quarantined) }),
		one("lag_bytes", "gauge", "Bytes that are readable and not committed.", func(v *event.SourceState) float64 { return float64(max(0, v.Size-v.Off)) }),
		one("lag_seconds", "gauge", "How long something readable has not been committed.", func(v *event.SourceState) float64 {
			if v.BehindSince.IsZero() {
				return 0
			}
			return max(0, now.Sub(v.BehindSince).Seconds())
		}),
		one("worst_lag_bytes", "gauge", "Bytes of the file with most of them that are readable and not committed.", func(v *event.SourceState) float64 { return float64(v.WorstLag) }),
		one("last_commit_timestamp_seconds", "gauge", "When a batch was committed last, in seconds since 1970; 0 while none was.", func(v *event.SourceState) float64 {
			return unixSeconds(v.LastCommit)
		}),
		{"hangup_source_batch_duration_seconds", "histogram", "How long committing a batch took, failed tries and the waits after them included.", each(writeSpans)},
		by("retries_total", "counter", "Attempts to commit that failed, by class.", "class", func(v *event.SourceState) (out []labelled) {
			for _, c := range event.Classes() {
				out = append(out, labelled{string(c), v.RetriesBy[c]})
			}
			return out
		}),
		one("fenced_total", "counter", "Batches that another process had committed.", func(v *event.SourceState) float64 { return float64(v.Fenced) }),
		one("files", "gauge", "Files that are followed, idle ones included.", func(v *event.SourceState) float64 { return float64(v.Files) }),
		one("files_idle", "gauge", "Of these, files that do not grow and are only looked at.", func(v *event.SourceState) float64 { return float64(v.Idle) }),
		one("files_waiting", "gauge", "Files that wait for a file descriptor.", func(v *event.SourceState) float64 { return float64(v.Waiting) }),
		one("tail_restarts_total", "counter", "Times that following at the live end was begun again.", func(v *event.SourceState) float64 { return float64(v.Tails) }),
		one("archives_total", "counter", "Compressed files that were read.", func(v *event.SourceState) float64 { return float64(v.Archives) }),
		one("format_changes_total", "counter", "Times that another format was found than before.", func(v *event.SourceState) float64 { return float64(v.Changes) }),
		one("failing", "gauge", "1 while the source cannot be read or stored.", func(v *event.SourceState) float64 { return truth(v.LastError != "" && !v.NoFile) }),
		one("degraded", "gauge", "1 while the newest records are not understood.", func(v *event.SourceState) float64 { return truth(!v.Alarm.Since.IsZero()) }),
		one("alarms_total", "counter", "How often the newest records were not understood.", func(v *event.SourceState) float64 { return float64(v.Alarms) }),
	}
}

// labelled is a number with the value of a label.
type labelled struct {
	value string
	n     int64
}

func writeSpans(s *samples, v *event.SourceState, labels []string) {
	var n int64
	for i, k := range v.Took.Buckets {
		n += k
		bound := "+Inf"
		if i < len(event.SpanBounds) {
			bound = strconv.FormatFloat(event.SpanBounds[i], 'g', -1, 64)
		}
		s.add("_bucket", float64(n), append(slices.Clip(labels), "le", bound)...)
	}
	s.add("_sum", v.Took.Sum.Seconds(), labels...)
	s.add("_count", float64(n), labels...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// jobMetrics are the families of jobs, of what this process ran of them.
func jobMetrics(s *jobs.Scheduler) []family {
	one := func(name, kind, help string, value func(x jobs.Stats) float64) family {
		return family{"hangup_job_" + name, kind, help, func(w *samples) {
			for _, j := range s.Jobs() {
				w.add("", value(s.Stats(j.Name)), "job", j.Name)
			}
		}}
	}
	return []family{
		one("runs_total", "counter", "Runs of the job by this process.", func(x jobs.Stats) float64 { return float64(x.Runs) }),
		one("failures_total", "counter", "Runs that failed.", func(x jobs.Stats) float64 { return float64(x.Failures) }),
		one("last_success_timestamp_seconds", "gauge", "When a run by this process went well last, in seconds since 1970; 0 while none did.", func(x jobs.Stats) float64 { return unixSeconds(x.LastSuccess) }),
		one("last_duration_seconds", "gauge", "How long the newest run took.", func(x jobs.Stats) float64 { return x.LastTook.Seconds() }),
	}
}

// databaseMetrics are the families of the connections to the database.
func databaseMetrics(p pools, up func() bool) []family {
	list := []struct {
		name string
		*pgxpool.Pool
	}{{"ask", p.ask}, {"ingest", p.ingest}}
	one := func(name, kind, help string, value func(x *pgxpool.Stat) float64) family {
		return family{"hangup_database_" + name, kind, help, func(w *samples) {
			for _, l := range list {
				w.add("", value(l.Stat()), "pool", l.name)
			}
		}}
	}
	return []family{
		{"hangup_database_up", "gauge", "1 when the database answers.", func(w *samples) { w.add("", truth(up())) }},
		one("connections", "gauge", "Open connections.", func(x *pgxpool.Stat) float64 { return float64(x.TotalConns()) }),
		one("connections_used", "gauge", "Connections that are at work.", func(x *pgxpool.Stat) float64 { return float64(x.AcquiredConns()) }),
		one("connections_max", "gauge", "Connections that may be open at one time.", func(x *pgxpool.Stat) float64 { return float64(x.MaxConns()) }),
		one("connection_wait_seconds_total", "counter", "Time spent waiting for a free connection.", func(x *pgxpool.Stat) float64 { return x.EmptyAcquireWaitTime().Seconds() }),
	}
}

// pingTime is how long the database may take to count as up.
const pingTime = time.Second

// ownMetrics returns a writer of what this process tells of itself beside its answers and its Go runtime.
func ownMetrics(status *ingest.Status, s *jobs.Scheduler, p pools) func(io.Writer) {
	up := func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), pingTime)
		defer cancel()
		return p.ask.Ping(ctx) == nil
	}
	return func(w io.Writer) {
		writeFamilies(w, slices.Concat(
			[]family{{"hangup_build_info", "gauge", "1, with the version of the program.", func(w *samples) { w.add("", 1, "version", version()) }}},
			sourceMetrics(status.Status(), time.Now()), jobMetrics(s), databaseMetrics(p, up),
		))
	}
}
