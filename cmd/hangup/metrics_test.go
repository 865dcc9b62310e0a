package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hangup/api"
	"hangup/event"
	"hangup/ingest"
	"hangup/store/storetest"
)

// instance is a serve within the test.
type instance struct {
	t    *testing.T
	base string
	log  *lockedBuffer
}

// startInstance runs serve on sources with a short grace until the test ends.
func startInstance(t *testing.T, url string, sources []ingest.Source) *instance {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	x := &instance{t: t, log: &lockedBuffer{}}
	done := make(chan error, 1)
	go func() {
		e := env{stdout: in, stderr: x.log, getenv: func(string) string { return "1GiB" }} // of GOMEMLIMIT
		f := serveFlags{Listen: "127.0.0.1:0", DatabaseURL: url, LogLevel: "warn"}
		done <- serve(ctx, e, f, config{grace: 300 * time.Millisecond}, sources, nil)
		_ = in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve ends with %v; its log:\n%s", err, x.log)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if x.base = address.FindString(line); x.base == "" {
		t.Fatalf("serve says %q, %v; its log:\n%s", line, err, x.log)
	}
	return x
}

func (x *instance) get(path string) (int, []byte) {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodGet, x.base+path, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return res.StatusCode, b
}

// scrape reads /metrics as Prometheus does.
func (x *instance) scrape() map[string]*dto.MetricFamily {
	x.t.Helper()
	_, b := x.get("/metrics")
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(b))
	if err != nil {
		x.t.Fatalf("%v:\n%s", err, b)
	}
	return families
}

// value returns a metric of a source, by a label if there is one.
func value(t *testing.T, families map[string]*dto.MetricFamily, name, source, label string) float64 {
	t.Helper()
	for _, m := range families["hangup_source_"+name].GetMetric() {
		var is, by string
		for _, l := range m.GetLabel() {
			switch l.GetName() {
			case "source":
				is = l.GetValue()
			case "service":
			default:
				by = l.GetValue()
			}
		}
		if is == source && by == label {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	t.Fatalf("there is no %s of %s by %q", name, source, label)
	return 0
}

func (x *instance) source(path string) api.Source {
	x.t.Helper()
	_, b := x.get("/api/v1/sources")
	var list api.SourceList
	if err := json.Unmarshal(b, &list); err != nil {
		x.t.Fatalf("%v: %s", err, b)
	}
	for _, s := range list.Items {
		if s.Path == path {
			return s
		}
	}
	return api.Source{}
}

// TestMetrics scrapes a running instance that has lost bytes, met lines that it does not understand, a record that the
// database refuses, a full disk and another reader: all figures are the API's, and all metrics are those of the
// documentation.
func TestMetrics(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // it was only used here
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`ALTER TABLE disconnect ADD CONSTRAINT refuses CHECK (path IS DISTINCT FROM '/refused')`)

	path := filepath.Join(t.TempDir(), `a "log"`+"\n.log") // a name is a label
	n := 0
	line := func(path string, status int) string {
		n++
		return fmt.Sprintf("203.0.113.%d - - [%s] \"GET %s HTTP/1.1\" %d %d \"-\" \"curl/8.5.0\"\n", n%250, time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"), path, status, n)
	}
	write := func(flag int, text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flag, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	for i := range 60 {
		text.WriteString(line(fmt.Sprintf("/item/%d", i), []int{200, 499, 200}[i%3]))
	}
	text.WriteString("\nnobody knows this line\nnor this\n" + line("/refused", 499) + line("/last", 200))
	write(os.O_APPEND, text.String())
	source := ingest.Source{Service: "shop", Path: path}
	x := startInstance(t, url, []ingest.Source{source})
	stored := func(records int64) {
		t.Helper()
		eventually(t, "all stored", func() bool { s := x.source(path); return s.Records.Read == records && s.LagBytes == 0 }, func() string { return x.log.String() })
	}
	stored(65)

	// The database's disk is full.
	exec(`CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
	exec(`CREATE TRIGGER no_space BEFORE UPDATE ON generation FOR EACH ROW EXECUTE FUNCTION no_space()`)
	write(os.O_APPEND, line("/later", 200))
	eventually(t, "the full disk said", func() bool {
		code, b := x.get("/readyz")
		return code == http.StatusOK && strings.Contains(string(b), `"degraded"`) && strings.Contains(string(b), "The database's disk is full")
	})
	f := x.scrape()
	if value(t, f, "lag_bytes", path, "") == 0 || value(t, f, "failing", path, "") != 1 || value(t, f, "retries_total", path, "disk_full") == 0 {
		t.Error("with a full disk the metrics show no lag, no failure or no retry")
	}
	exec(`DROP TRIGGER no_space ON generation`)
	stored(66)

	// Half a line is gone before its end came.
	write(os.O_APPEND, "half a line that never ends")
	eventually(t, "half a line seen", func() bool { return x.source(path).LagBytes == 27 })
	write(os.O_TRUNC, line("/new", 200))
	stored(67)
	eventually(t, "lost bytes counted", func() bool { return x.source(path).Bytes.Lost > 0 }, func() string { return x.log.String() })

	f, s := x.scrape(), x.source(path)
	for _, c := range []struct {
		name, label string
		want        int64
	}{
		{"committed_records_total", "request", s.Records.Request},
		{"committed_records_total", "disconnect", s.Records.Disconnect},
		{"committed_records_total", "other", s.Records.Other},
		{"committed_records_total", "unparsed", s.Records.Unparsed},
		{"committed_records_total", "skipped", s.Records.Skipped},
		{"committed_bytes_total", "parsed", s.Bytes.Parsed},
		{"committed_bytes_total", "skipped", s.Bytes.Skipped},
		{"committed_bytes_total", "unparsed", s.Bytes.Unparsed},
		{"committed_bytes_total", "oversize", s.Bytes.Oversize},
		{"lost_bytes_total", "", s.Bytes.Lost},
		{"quarantined_records_total", "", *s.Quarantined},
		{"fenced_total", "", *s.Fenced},
		{"lag_bytes", "", s.LagBytes},
		{"files", "", int64(s.Files)},
		{"committed_lines_total", "", 67},
		{"read_lines_total", "", 67},
		{"read_bytes_total", "", s.Bytes.Committed},
	} {
		if got := value(t, f, c.name, path, c.label); got != float64(c.want) {
			t.Errorf("%s %s is %v, and the API says %d", c.name, c.label, got, c.want)
		}
	}
	if s.Bytes.Lost != 27 || s.Records.Unparsed != 3 || *s.Quarantined != 1 || *s.Retries == 0 || s.Records.Skipped != 1 || s.Records.Disconnect != 20 {
		t.Errorf("the source is %+v, %+v, %d in quarantine, %d retries", s.Bytes, s.Records, *s.Quarantined, *s.Retries)
	}
	if value(t, f, "batch_duration_seconds", path, "") < 3 || value(t, f, "last_commit_timestamp_seconds", path, "") < float64(time.Now().Unix()-600) {
		t.Error("batches are not counted")
	}
	if code, out := runVerify(t, url); code != 0 || !strings.Contains(out, "1 equal") { // with what is in quarantine
		t.Errorf("verify gives %d:\n%s", code, out)
	}

	// Another process stores the same line first: it holds the generation's row while this one comes with its batch.
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // it is committed below
	var id, off int64
	if err := tx.QueryRow(t.Context(), `SELECT generation_id, off FROM generation ORDER BY 1 DESC LIMIT 1 FOR UPDATE`).Scan(&id, &off); err != nil {
		t.Fatal(err)
	}
	write(os.O_APPEND, line("/both", 200))
	eventually(t, "this process waits", func() bool {
		var n int
		err := tx.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		return err == nil && n > 0
	})
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _ := event.HeadPrint(bytes.NewReader(content), event.HeadSize)
	mark, _ := event.MarkPrint(bytes.NewReader(content), int64(len(content)))
	if _, err := tx.Exec(t.Context(), `UPDATE generation SET off = $2, bytes_parsed = bytes_parsed + $2 - off, requests = requests + 1, lines = lines + 1,
		head_len = $3, head_sha256 = $4, mark_len = $5, mark_sha256 = $6 WHERE generation_id = $1`, id, len(content), head.Len, head.Sum, mark.Len, mark.Sum); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the batch fenced", func() bool { return *x.source(path).Fenced > 0 })
	if f = x.scrape(); value(t, f, "fenced_total", path, "") == 0 {
		t.Error("the fenced batch is in no metric")
	}
	x.get("/healthz")
	holdMetrics(t, x.scrape())
}

// holdMetrics compares the metrics with the documentation and with the customs of Prometheus.
func holdMetrics(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if families[family] == nil {
			t.Errorf("there is no %s", family)
		}
	}
	var ours []*dto.MetricFamily
	rows := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		if !strings.HasPrefix(name, "hangup_") {
			continue
		}
		ours = append(ours, f)
		labels := map[string]bool{}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		row := fmt.Sprintf("| `%s` | %s | %s | %s |", name, strings.ToLower(f.GetType().String()), strings.Join(slices.Sorted(maps.Keys(labels)), " "), f.GetHelp())
		rows[row] = true
		if !strings.Contains(string(doc), row+"\n") {
			t.Errorf("docs/metrics.md is without the row\n%s", row)
		}
	}
	for l := range strings.Lines(string(doc)) {
		if strings.HasPrefix(l, "| `") && !rows[strings.TrimSuffix(l, "\n")] {
			t.Errorf("docs/metrics.md has a row of no metric: %s", l)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(ours).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	holdAlerts(t, families)
}

// holdAlerts reads the examples of alerts: they have the form of Prometheus's rules, and ask for metrics that there are.
func holdAlerts(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	b, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert       string
				Expr        string
				For         model.Duration
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&file); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			n++
			names := regexp.MustCompile(`hangup_[a-z_]+`).FindAllString(r.Expr, -1)
			if r.Alert == "" || len(names) == 0 || r.Annotations["summary"] == "" || strings.Count(r.Expr, "(") != strings.Count(r.Expr, ")") {
				t.Errorf("the alert %+v is not whole", r)
			}
			for _, name := range names {
				if families[name] == nil {
					t.Errorf("the alert %s asks for %s, which there is not", r.Alert, name)
				}
			}
		}
	}
	if n < 6 {
		t.Errorf("there are %d alerts", n)
	}
}
