package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/api"
	"hangup/store"
)

// FuzzQuery sends any query to any operation while there is no database: the answer is what is wrong with the query, or
// that there is no database, and always as the contract says.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "from=now-1h&to=now", "from=now-1d/d&tz=Europe/Berlin", "from=1773054000.25", "from=2026-03-09T10:00:00+01:00&to=now", "f=route:eq:12&f=party:in:client|server",
		"f=client:nin:192.0.2.1|::1&limit=1000", "step=5m&max_points=10&rows=120", "cursor=" + b64(`{"q":"x","r":[0,60],"a":{"t":1,"g":2,"o":3}}`), "sort=-rate&idle=true",
		"from=-0", "from=1e10", "from=now-0s/h", "from=9223372036854775807", "%zz", "f=:::", "f=status:eq:-1", "compare=7d&from=now-400d",
	} {
		for i := range fuzzed {
			f.Add(byte(i), seed)
		}
	}
	pool, err := pgxpool.New(f.Context(), "postgres:///hangup?host="+f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(pool.Close)
	e, err := api.New(api.Options{Store: store.New(pool), Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, operation byte, query string) {
		r := request("/")
		r.URL = &url.URL{Path: fuzzed[int(operation)%len(fuzzed)], RawQuery: query}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest && w.Code != http.StatusServiceUnavailable && w.Code != http.StatusNotFound {
			t.Fatalf("%s answers %d: %s", r.URL, w.Code, w.Body)
		}
		holdProblem(t, w)
	})
}

var fuzzed = []string{
	"/api/v1/meta", "/api/v1/summary", "/api/v1/timeseries", "/api/v1/heatmap", "/api/v1/routes", "/api/v1/routes/1", "/api/v1/clients", "/api/v1/events",
	"/api/v1/events/1-20260309-1-0", "/api/v1/sources", "/api/v1/sources/1/unparsed", "/api/v1/sources/1/files", "/api/v1/jobs",
}
