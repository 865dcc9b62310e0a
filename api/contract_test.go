package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"hangup/api"
	"hangup/event"
	"hangup/store"
	"hangup/store/storetest"
)

// now is when the tests ask.
var now = time.Date(2026, 3, 9, 12, 0, 30, 0, time.UTC)

// contract is openapi.yaml as an independent library reads it.
var contract = sync.OnceValues(func() (routers.Router, error) {
	openapi3filter.RegisterBodyDecoder("application/problem+json", openapi3filter.JSONBodyDecoder)
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// called are the operations that tests have called and got a good answer from.
var called = struct {
	sync.Mutex
	ids map[string]bool
}{ids: map[string]bool{}}

// TestMain fails when the whole suite has passed without calling every operation of the contract.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if f := flag.Lookup("test.run"); code == 0 && (f == nil || f.Value.String() == "") && flag.Lookup("test.list").Value.String() == "" {
		if missing := notCalled(); len(missing) > 0 {
			fmt.Fprintf(os.Stderr, "no test gets a good answer from: %s\n", strings.Join(missing, ", "))
			code = 1
		}
	}
	os.Exit(code)
}

func notCalled() []string {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		return []string{err.Error()}
	}
	var missing []string
	for _, path := range doc.Paths.Map() {
		for _, o := range path.Operations() {
			if !called.ids[o.OperationID] {
				missing = append(missing, o.OperationID)
			}
		}
	}
	sort.Strings(missing)
	return missing
}

// server is the service over a database of its own.
type server struct {
	*echo.Echo
	st   *store.Store
	pool *pgxpool.Pool
	log  *bytes.Buffer
}

func newServer(t *testing.T, change ...func(*api.Options)) *server {
	t.Helper()
	pool := storetest.New(t)
	return serverOn(t, pool, change...)
}

func serverOn(t *testing.T, pool *pgxpool.Pool, change ...func(*api.Options)) *server {
	t.Helper()
	s := &server{st: store.New(pool), pool: pool, log: &bytes.Buffer{}}
	o := api.Options{
		Store: s.st, Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Version: "test",
		Now: func() time.Time { return now },
	}
	for _, f := range change {
		f(&o)
	}
	e, err := api.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Echo = e
	return s
}

// ask sends a request as it is and returns the answer, which is as the contract says.
func (s *server) ask(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	hold(t, r, w)
	return w
}

// hold fails the test when an answer is not as the contract says.
func hold(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	router, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		if w.Code < 400 || !strings.HasPrefix(r.URL.Path, "/api/") {
			return // not an operation: the page, the metrics, the contract itself
		}
		holdProblem(t, w)
		return
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 w.Code, Header: w.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	in.SetBodyBytes(w.Body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s %s: the answer is not as the contract says: %v\n%s", r.Method, r.URL, err, w.Body)
	}
	if w.Code >= 400 && route.Operation.OperationID != "getReadiness" {
		holdProblem(t, w)
		return
	}
	called.Lock()
	defer called.Unlock()
	called.ids[route.Operation.OperationID] = true
}

func holdProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("the answer %d is not a problem: %v\n%s", w.Code, err, w.Body)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == nil || p.RequestId == nil || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("the answer %d is half a problem: %s", w.Code, w.Body)
	}
}

// said returns the end of the log.
func (s *server) said() string {
	b := s.log.String()
	return b[max(0, len(b)-1000):]
}

func request(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "localhost:8080"
	return r
}

// get asks for a path and reads the answer, which must be a good one.
func get[T any](t *testing.T, s *server, path string) T {
	t.Helper()
	w := s.ask(t, request(path))
	var v T
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s answers %d: %s\n%s", path, w.Code, w.Body, s.said())
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// refuse asks for a path and returns the problem, which must have the status.
func refuse(t *testing.T, s *server, status int, path string) api.Problem {
	t.Helper()
	w := s.ask(t, request(path))
	if w.Code != status {
		t.Fatalf("GET %s answers %d instead of %d: %s\n%s", path, w.Code, status, w.Body, s.said())
	}
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// q writes a query: names and values in turn.
func q(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}

// exchange makes a request that was completed after took, or hung up on when a party is given.
func exchange(at time.Time, client, route string, took time.Duration, party ...event.Party) event.Hangup {
	method, path, _ := strings.Cut(route, " ")
	h := event.Hangup{Scope: "public"}
	h.Time, h.Client, h.Method, h.Path, h.Exchange = at, client, method, path, true
	h.Status, h.Duration = 200, event.Some(took)
	if len(party) > 0 {
		h.Kind, h.Party, h.How, h.Phase, h.Status = event.Disconnect, party[0], event.HowClosed, event.PhaseWaiting, 499
	}
	return h
}

// TestRoutesAreTheContracts compares the routes of the service with the paths of the contract, both ways.
func TestRoutesAreTheContracts(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			want = append(want, method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path))
		}
	}
	// Beside the operations: the contract itself, what Prometheus reads in its own format, and the page.
	want = append(want, "GET /api/v1/openapi.yaml", "GET /api/v1/openapi.json", "GET /metrics", "GET /*", "HEAD /*")
	var have []string
	for _, r := range serverOn(t, nil).Routes() {
		if r.Method != echo.RouteNotFound {
			have = append(have, r.Method+" "+r.Path)
		}
	}
	sort.Strings(want)
	sort.Strings(have)
	if !slices.Equal(want, have) {
		t.Errorf("the service has the routes\n%s\nand the contract\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

// TestContractIsServed reads the contract from the service, in both forms.
func TestContractIsServed(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil)
	yaml, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := s.ask(t, request("/api/v1/openapi.yaml"))
	if !bytes.Equal(w.Body.Bytes(), yaml) || w.Header().Get("Content-Type") != "application/yaml" {
		t.Errorf("openapi.yaml is served as %s of %d bytes", w.Header().Get("Content-Type"), w.Body.Len())
	}
	w = s.ask(t, request("/api/v1/openapi.json"))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, err := openapi3.NewLoader().LoadFromData(body)
	if err != nil {
		t.Fatal(err)
	}
	fromYAML, err := openapi3.NewLoader().LoadFromData(yaml)
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(fromJSON)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("openapi.json says something else than openapi.yaml")
	}
}
