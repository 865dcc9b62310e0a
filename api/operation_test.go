package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/api"
	"hangup/event"
	"hangup/store/storetest"
	"hangup/store/storetest/fill"
)

type status []event.SourceState

func (s status) Status() []event.SourceState { return s }

type schedule []api.JobInfo

func (s schedule) Schedule() []api.JobInfo { return s }

// TestSources joins what is stored with what the readers say.
func TestSources(t *testing.T) {
	t.Parallel()
	pool := storetest.New(t)
	s := serverOn(t, pool)
	at := now.Add(-time.Minute)
	var records []event.Hangup
	for _, k := range []event.Kind{event.Request, event.Disconnect, event.Other, event.Other, event.Skipped} {
		h := exchange(at, "192.0.2.1", "GET /a", 0, event.PartyClient)
		h.Kind = k
		records = append(records, h)
	}
	paths := []string{"/log/a", "/log/b", "/log/c", "/log/d", "/log/e"}
	var live status
	for _, p := range paths {
		src := fill.Open(t, s.st, "shop", p)
		src.Add(t, records...)
		live = append(live, event.SourceState{Source: src.ID, Files: 1, Idle: 1, Waiting: 2, Size: 600, Off: 500, WorstLag: 90, LinesPerSec: 2.5, Format: "nginx-json", Confidence: 0.5, Progress: event.Progress{Retries: 3}})
	}
	live[1].BehindSince = now.Add(-time.Minute)
	live[2].LastError, live[2].LastErrorAt = "open /log/c: permission denied", now.Add(-time.Hour)
	live[3] = event.SourceState{Source: live[3].Source, NoFile: true, LastError: "no file is like the pattern yet"}
	live[0].Formats = []event.SeenFormat{{Format: "nginx", Layout: `$remote_addr [$time_local] "$request" $status`}}
	live[1].Alarm = event.Alarm{Since: now.Add(-time.Second), Unparsed: 16, Of: 64, Reads: "nginx", Layout: "$status"}
	live = live[:4] // the last one is not read here
	if err := s.st.SetFormat(t.Context(), "shop", live[0].Source, "nginx-combined", 1); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE generation SET unparsed = 1, skipped = 0, bytes_skipped = 0, bytes_unparsed = 100, size_seen = 700, bytes_lost = 7 WHERE path = '/log/a'`,
		`INSERT INTO quarantine SELECT service_id, generation_id, 0, 100, 1, 'invalid byte', 'x' FROM generation WHERE path = '/log/a'`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	s = serverOn(t, pool, func(o *api.Options) { o.Sources = live })
	list := get[api.SourceList](t, s, "/api/v1/sources").Items
	if len(list) != 5 {
		t.Fatalf("%d sources", len(list))
	}
	want := api.Source{
		Id: list[0].Id, Service: "shop", Path: "/log/a", Format: "nginx-combined", Confidence: 1, State: api.SourceStateReading, Files: 1, FilesIdle: 1, FilesWaiting: 2,
		LagBytes: 100, WorstLagBytes: 90, LinesPerSecond: 2.5, LastEventAt: &at, CommittedAt: list[0].CommittedAt,
		Records:     api.SourceRecords{Read: 5, Request: 1, Disconnect: 1, Other: 2, Unparsed: 1},
		Bytes:       api.SourceBytes{Committed: 500, Parsed: 400, Unparsed: 100, Lost: 7},
		Quarantined: new(int64(1)), Retries: new(int64(3)), Fenced: new(int64(0)), UnparsedRate: new(0.2), Durations: new(false),
		Advice: []api.Advice{{
			Format: "nginx", Hides: "how long an exchange took, so no timers can be found, and clients that leave in the middle of a response",
			Config: new("add to the log's format: $request_time $request_completion"),
		}},
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Error(diff)
	}
	alarm := api.SourceAlarm{
		Since: now.Add(-time.Second), Unparsed: 16, Of: 64, Format: new("nginx"), Layout: new("$status"),
		Text: "16 of the newest 64 records were not understood: the log is no longer nginx-json. They look like nginx: change the source's format, or leave it out to have it detected.",
	}
	if diff := cmp.Diff(&alarm, list[1].Alarm); diff != "" {
		t.Error(diff)
	}
	if v := list[1]; v.State != api.SourceStateDegraded || v.LagSeconds != 60 || v.Format != "nginx-json" || v.Confidence != 0.5 {
		t.Errorf("the second source is %+v", v)
	}
	if v := list[2]; v.State != api.SourceStateFailing || *v.LastError != "open /log/c: permission denied" || !v.LastErrorAt.Equal(now.Add(-time.Hour)) {
		t.Errorf("the third source is %+v", v)
	}
	if v := list[3]; v.State != api.SourceStateWaiting || v.LagBytes != 0 {
		t.Errorf("the fourth source is %+v", v)
	}
	if v := list[4]; v.State != api.SourceStateStopped || v.Files != 1 || v.LagBytes != 0 {
		t.Errorf("the fifth source is %+v", v)
	}
	if v := list[1]; len(v.Advice) != 1 || v.Advice[0].Format != "nginx-json" || !*v.Durations {
		t.Errorf("the second source hides %+v", v.Advice)
	}
	if v := list[4]; len(v.Advice) != 0 || v.Durations != nil {
		t.Errorf("the fifth source, whose format is not known, hides %+v", v.Advice)
	}
	live[2].LastClass = event.DiskFull
	if r := get[api.Readiness](t, s, "/readyz"); r.Status != api.ReadinessStatusDegraded || !strings.HasPrefix(*r.Checks[1].Detail, "The database's disk is full") {
		t.Errorf("with a full disk readiness is %+v", r)
	}
	live[2].LastClass = ""
	b := get[api.Summary](t, s, "/api/v1/summary").Sources
	if b.Total != 5 || b.Behind != 0 || b.Degraded != 1 || b.Failing != 1 || *b.UnparsedRate != 1.0/21 {
		t.Errorf("the summary says of the sources %+v", b)
	}
	live[1].Alarm = event.Alarm{}
	if v := get[api.SourceList](t, s, "/api/v1/sources").Items[1]; v.State != api.SourceStateBehind || v.Alarm != nil {
		t.Errorf("without the alarm the second source is %+v", v)
	}
	if b := get[api.Summary](t, s, "/api/v1/summary").Sources; b.Behind != 1 || b.Degraded != 0 {
		t.Errorf("without the alarm the summary says of the sources %+v", b)
	}
	r := get[api.Readiness](t, s, "/readyz")
	if r.Status != api.ReadinessStatusDegraded || r.Checks[1].Ok || !r.Checks[1].Since.Equal(now.Add(-time.Hour)) ||
		*r.Checks[1].Detail != "1 of 4 sources cannot be read or stored: open /log/c: permission denied" {
		t.Errorf("readiness is %+v", r)
	}
}

// TestFiles gives the files of a source, those with most to be read first.
func TestFiles(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := fill.Open(t, s.st, "shop", "/log/*.log")
	_, err := s.pool.Exec(t.Context(), `INSERT INTO generation (service_id, source_id, path, dev, ino, size_seen, state, first_seen_at, committed_at, bytes_lost)
		SELECT service_id, source_id, '/log/' || n || '.log', 1, n, n * 10, CASE WHEN n < 5 THEN 'live' ELSE 'done' END, '2026-03-09Z',
			'2026-03-09Z'::timestamptz + n * interval '1 second', 0 FROM generation, generate_series(1, 9) n WHERE source_id = $1`, src.ID)
	if err != nil {
		t.Fatal(err)
	}
	id := strconv.FormatInt(src.ID, 10)
	list := get[api.FileList](t, s, "/api/v1/sources/"+id+"/files?limit=6")
	var got []string
	for _, f := range list.Items {
		got = append(got, f.Path)
	}
	if diff := cmp.Diff([]string{"/log/4.log", "/log/3.log", "/log/2.log", "/log/1.log", "/log/9.log", "/log/8.log"}, got); diff != "" || list.Total != 10 {
		t.Errorf("%d files in all, %s", list.Total, diff)
	}
	at := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	want := api.SourceFile{Path: "/log/4.log", State: "live", Size: 40, LagBytes: 40, FirstSeenAt: at, CommittedAt: new(at.Add(4 * time.Second))}
	if diff := cmp.Diff(want, list.Items[0]); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{"0", "99999", "x"} {
		refuse(t, s, http.StatusNotFound, "/api/v1/sources/"+id+"/files")
	}
}

// TestUnparsed gives examples, the newest first.
func TestUnparsed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := fill.Open(t, s.st, "shop", "/log")
	_, err := s.pool.Exec(t.Context(), `INSERT INTO unparsed_sample SELECT g.service_id, g.source_id, g.generation_id, n, n, CASE WHEN n < 3 THEN 'bad_time' ELSE 'no_format' END,
		'<script>' || n, '2026-03-09Z'::timestamptz + n * interval '1 second' FROM generation g, generate_series(0, 9) n`)
	if err != nil {
		t.Fatal(err)
	}
	id := get[api.SourceList](t, s, "/api/v1/sources").Items[0].Id
	list := get[api.UnparsedList](t, s, "/api/v1/sources/"+id+"/unparsed?limit=2")
	want := api.UnparsedList{
		Items: []api.UnparsedSample{
			{Reason: "no_format", Text: "<script>9", Path: new("/log"), Line: 9, Off: 9, SeenAt: time.Date(2026, 3, 9, 0, 0, 9, 0, time.UTC)},
			{Reason: "no_format", Text: "<script>8", Path: new("/log"), Line: 8, Off: 8, SeenAt: time.Date(2026, 3, 9, 0, 0, 8, 0, time.UTC)},
		},
		Reasons: map[string]int64{"bad_time": 3, "no_format": 7},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	if src.Generation == 0 {
		t.Error("there is no generation")
	}
	for _, id := range []string{"0", "99999", "x", "-1", "01"} {
		refuse(t, s, http.StatusNotFound, "/api/v1/sources/"+id+"/unparsed")
	}
}

// TestJobs gives the schedule with the runs of each job.
func TestJobs(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *api.Options) {
		o.Jobs = schedule{
			{Name: "fold hours", Description: "Fold minutes into hours.", Every: time.Minute, Next: now.Add(time.Second)},
			{Name: "join", Description: "Join records.", Every: 30 * time.Second},
		}
	})
	_, err := s.pool.Exec(t.Context(), `INSERT INTO job_run (job, started_at, finished_at, rows, error)
		SELECT 'fold hours', '2026-03-09Z'::timestamptz + n * interval '1 minute', '2026-03-09Z'::timestamptz + n * interval '1 minute' + interval '1500 microseconds', n, NULL
		FROM generate_series(1, 30) n
		UNION ALL SELECT 'gone', '2026-03-09Z', NULL, NULL, NULL UNION ALL SELECT 'join', '2026-03-09Z', '2026-03-09Z', NULL, 'no connection'`)
	if err != nil {
		t.Fatal(err)
	}
	list := get[api.JobList](t, s, "/api/v1/jobs").Items
	if len(list) != 3 {
		t.Fatalf("%d jobs", len(list))
	}
	start := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	newest := start.Add(30 * time.Minute)
	v := list[0]
	if diff := cmp.Diff(api.JobRun{StartedAt: newest, FinishedAt: new(newest.Add(1500 * time.Microsecond)), DurationMs: new(1.5), Rows: new(int64(30))}, v.Runs[0]); diff != "" || len(v.Runs) != 20 {
		t.Errorf("%d runs, the newest: %s", len(v.Runs), diff)
	}
	v.Runs = nil
	if diff := cmp.Diff(api.Job{Name: "fold hours", Description: "Fold minutes into hours.", EverySeconds: 60, NextRunAt: new(now.Add(time.Second))}, v); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]api.JobRun{{StartedAt: start, FinishedAt: &start, DurationMs: new(0.0), Error: new("no connection")}}, list[1].Runs); diff != "" || list[1].NextRunAt != nil {
		t.Error(diff)
	}
	if diff := cmp.Diff(api.Job{Name: "gone", Description: "Not scheduled by this process.", Runs: []api.JobRun{{StartedAt: start}}}, list[2]); diff != "" {
		t.Error(diff)
	}
}

// TestMeta lists the services and what may be asked.
func TestMeta(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	fill.Open(t, s.st, "shop", "/a").Add(t, exchange(now.Add(-time.Hour), "", "GET /", 0))
	fill.Open(t, s.st, "blog", "/b").Add(t, exchange(now.Add(-2*time.Hour), "", "GET /", 0))
	fill.Open(t, s.st, "new", "/c")
	m := get[api.Meta](t, s, "/api/v1/meta")
	if len(m.Services) != 3 || m.Services[0].Name != "blog" || m.Services[1].DataFrom != nil || m.Services[2].Name != "shop" {
		t.Errorf("services are %+v", m.Services)
	}
	if !m.DataFrom.Equal(now.Add(-2*time.Hour).Truncate(time.Minute)) || !m.DataTo.Equal(now.Add(-time.Hour)) {
		t.Errorf("data are from %s to %s", m.DataFrom, m.DataTo)
	}
	if diff := cmp.Diff(api.Limits{MaxLimit: 1000, MaxPoints: 2000, MaxRangeDays: 400}, m.Limits); diff != "" {
		t.Error(diff)
	}
	// What meta says may be asked is what may be asked.
	for _, f := range m.Fields {
		for _, on := range []string{"summary", "timeseries", "heatmap", "routes", "clients", "events"} {
			want := http.StatusBadRequest
			for _, v := range f.On {
				if v == on {
					want = http.StatusOK
				}
			}
			value := map[string]string{"route": "1", "party": "client", "how": "reset", "phase": "idle", "status": "499", "exchange": "true"}[f.Name]
			for _, op := range m.Ops {
				if w := s.ask(t, request("/api/v1/"+on+q("f", f.Name+":"+op+":"+value))); w.Code != want {
					t.Errorf("%s:%s:%s at %s answers %d", f.Name, op, value, on, w.Code)
				}
			}
		}
	}
}

// TestHealth says that the process lives and is ready.
func TestHealth(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if v := get[api.Health](t, s, "/healthz"); v.Status != api.HealthStatusOk {
		t.Errorf("health is %+v", v)
	}
	v := get[api.Readiness](t, s, "/readyz")
	if v.Status != api.ReadinessStatusReady || len(v.Checks) != 2 || !v.Checks[0].Ok || !v.Checks[1].Ok {
		t.Errorf("readiness is %+v", v)
	}
}

// TestDatabaseDown asks everything while there is no database.
func TestDatabaseDown(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), "postgres:///hangup?host="+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := serverOn(t, pool)
	for _, path := range []string{
		"/api/v1/meta", "/api/v1/summary", "/api/v1/timeseries", "/api/v1/heatmap", "/api/v1/routes", "/api/v1/routes/1", "/api/v1/clients",
		"/api/v1/events", "/api/v1/events/1-20260309-1-0", "/api/v1/sources", "/api/v1/sources/1/unparsed", "/api/v1/sources/1/files", "/api/v1/jobs",
	} {
		w := s.ask(t, request(path))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "The database does not answer") {
			t.Errorf("GET %s answers %d: %s", path, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "dial") {
			t.Errorf("GET %s says too much: %s", path, w.Body)
		}
	}
	w := s.ask(t, request("/readyz"))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"status":"unavailable"`) {
		t.Errorf("/readyz answers %d: %s", w.Code, w.Body)
	}
	if v := get[api.Health](t, s, "/healthz"); v.Status != api.HealthStatusOk {
		t.Errorf("health is %+v", v)
	}
}

// TestDatabaseBack loses every connection and answers again.
func TestDatabaseBack(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := serverOn(t, pool)
	get[api.Summary](t, s, "/api/v1/summary")
	killer, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer killer.Close()
	if _, err := killer.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	// The pool may find out about each of its connections in turn.
	for range 10 {
		w := s.ask(t, request("/api/v1/summary"))
		if w.Code == http.StatusOK {
			return
		}
		if w.Code != http.StatusServiceUnavailable {
			t.Fatalf("a lost connection answers %d: %s\n%s", w.Code, w.Body, s.said())
		}
	}
	t.Error("the service does not come back")
}

// TestTooWide stops a question that takes too long. A lock makes it take long, and the database is told to stop it as it
// does by itself when the time is up.
func TestTooWide(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	fill.Open(t, s.st, "shop", "/a").Add(t, exchange(now.Add(-time.Hour), "", "GET /", 0))
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // it holds a lock and nothing else
	if _, err := tx.Exec(t.Context(), `LOCK TABLE disconnect IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	answer := make(chan *httptest.ResponseRecorder)
	go func() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, request("/api/v1/events"))
		answer <- w
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case w := <-answer:
			hold(t, request("/api/v1/events"), w)
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "shorter range") {
				t.Errorf("it answers %d: %s", w.Code, w.Body)
			}
			return
		case <-tick.C:
			_, err := s.pool.Exec(t.Context(), `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
