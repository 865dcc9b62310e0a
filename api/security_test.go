package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"

	"hangup/api"
)

// TestHosts asks under good and bad names.
func TestHosts(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil, func(o *api.Options) { o.Hosts = []string{"Hangup.example.org", "10.0.0.7"} })
	open := serverOn(t, nil, func(o *api.Options) { o.Hosts = []string{"*"} })
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "LOCALHOST.": 200, "127.0.0.1:8080": 200, "127.1.2.3": 200, "[::1]:8080": 200, "[::1]": 200,
		"hangup.example.org": 200, "hangup.example.org:443": 200, "10.0.0.7:80": 200,
		"evil.example": 421, "localhost.evil.example": 421, "10.0.0.8": 200, "": 421, "[::2]:80": 200, "127.0.0.1.evil.example": 421, "<script>": 421,
	} {
		r := request("/api/v1/openapi.yaml")
		r.Host = host
		if w := s.ask(t, r); w.Code != want {
			t.Errorf("under the name %q it answers %d", host, w.Code)
		}
		if w := open.ask(t, r); w.Code != 200 {
			t.Errorf("with all names allowed, under the name %q it answers %d", host, w.Code)
		}
		health := request("/healthz")
		health.Host = host
		if w := s.ask(t, health); w.Code != 200 {
			t.Errorf("/healthz under the name %q answers %d", host, w.Code)
		}
	}
}

// TestHeaders looks at the headers of good and bad answers.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil, withPage)
	for path, cache := range map[string]string{
		"/api/v1/openapi.json": "no-store", "/api/v1/nothing": "no-store", "/api/v1/summary?x=1": "no-store", "/metrics": "no-store", "/healthz": "no-store",
		"/": "no-cache", "/events": "no-cache", "/assets/app.js": "public, max-age=31536000, immutable", "/favicon.svg": "no-cache", "/assets/none.js": "no-store",
	} {
		r := request(path)
		r.Header.Set("Accept", "text/html")
		h := s.ask(t, r).Header()
		for name, want := range map[string]string{
			"Cache-Control": cache, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if have := h.Get(name); have != want {
				t.Errorf("GET %s has %s: %q", path, name, have)
			}
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("GET %s has the policy %q", path, csp)
		}
		if len(h.Get("X-Request-Id")) != 16 {
			t.Errorf("GET %s has the request id %q", path, h.Get("X-Request-Id"))
		}
	}
}

func withPage(o *api.Options) {
	o.Files = fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html><title>Hangup</title>")}, "favicon.svg": {Data: []byte("<svg/>")},
		"assets/app.js": {Data: []byte("let a = 1;" + strings.Repeat("\n// filler", 200))}, "assets/x.unknown": {Data: []byte("?")},
	}
}

// TestPage serves files, and index.html for the page's own paths.
func TestPage(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil, withPage)
	for _, c := range []struct {
		path, accept string
		code         int
		kind         string
	}{
		{"/", "text/html,*/*", 200, "text/html; charset=utf-8"},
		{"/", "", 200, "text/html; charset=utf-8"},
		{"/index.html", "", 200, "text/html; charset=utf-8"},
		{"/events", "text/html", 200, "text/html; charset=utf-8"},
		{"/sources?x=1", "text/html", 200, "text/html; charset=utf-8"},
		{"/assets", "text/html", 200, "text/html; charset=utf-8"},
		{"/events", "application/json", 404, "application/problem+json"},
		{"/assets/app.js", "", 200, "text/javascript; charset=utf-8"},
		{"/assets/x.unknown", "", 200, "application/octet-stream"},
		{"/favicon.svg", "", 200, "image/svg+xml"},
		{"/assets/old.js", "text/html", 404, "application/problem+json"},
		{"/../../etc/passwd", "*/*", 404, "application/problem+json"},
		{"/..%2f..%2fetc/passwd", "*/*", 404, "application/problem+json"},
		{"/api", "text/html", 404, "application/problem+json"},
		{"/api/v2/summary", "text/html", 404, "application/problem+json"},
		{"//evil.example/x", "text/html", 200, "text/html; charset=utf-8"},
	} {
		r := request("/")
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(c.path, "?")
		r.Header.Set("Accept", c.accept)
		w := s.ask(t, r)
		if w.Code != c.code || w.Header().Get("Content-Type") != c.kind {
			t.Errorf("GET %s (%s) answers %d %s", c.path, c.accept, w.Code, w.Header().Get("Content-Type"))
		}
	}
	r := request("/")
	r.Header.Set("If-None-Match", s.ask(t, request("/")).Header().Get("ETag"))
	if w := s.ask(t, r); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the page that is known answers %d with %d bytes", w.Code, w.Body.Len())
	}
	r = request("/assets/app.js")
	r.Header.Set("Accept-Encoding", "gzip")
	if w := s.ask(t, r); w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 1000 {
		t.Errorf("a script is sent as %q with %d bytes", w.Header().Get("Content-Encoding"), w.Body.Len())
	}
	if w := serverOn(t, nil).ask(t, request("/")); w.Code != http.StatusNotFound {
		t.Errorf("without a page it answers %d", w.Code)
	}
	if _, err := api.New(api.Options{Files: fstest.MapFS{}}); err == nil {
		t.Error("a page without index.html is taken")
	}
}

// TestMethods refuses other methods and large bodies.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil, withPage)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, "BREW"} {
		for _, path := range []string{"/api/v1/summary", "/", "/nothing"} {
			r := httptest.NewRequest(method, path, nil)
			r.Host = "localhost"
			if w := s.ask(t, r); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %s answers %d: %s", method, path, w.Code, w.Body)
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/healthz", strings.NewReader(strings.Repeat("x", 65<<10)))
	r.Host = "localhost"
	if w := s.ask(t, r); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body is answered with %d", w.Code)
	}
}

// TestMetrics reads the metrics: the service's own and those it was given.
func TestMetrics(t *testing.T) {
	t.Parallel()
	given := func(w io.Writer) { _, _ = io.WriteString(w, "hangup_given_total 3\n") }
	s := serverOn(t, nil, func(o *api.Options) { o.Metrics = []func(io.Writer){given} })
	s.ask(t, request("/api/v1/summary?x=1"))
	s.ask(t, request("/api/v1/routes/12?x=1"))
	s.ask(t, request("/wp-login.php"))
	text := s.ask(t, request("/metrics")).Body.String()
	for _, want := range []string{
		"hangup_given_total 3", `hangup_http_requests_total{method="GET",route="/api/v1/routes/:id",status="400"} 1`,
		`hangup_http_requests_total{method="GET",route="/*",status="404"} 1`,
		`hangup_http_request_duration_seconds_count{route="/api/v1/summary"} 1`, "go_goroutines",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics are without %s", want)
		}
	}
	if strings.Contains(text, "wp-login") {
		t.Error("a client can make up labels")
	}
}

// TestPanic answers a panic without saying what it was, and logs it.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil)
	s.GET("/panic", func(echo.Context) error { panic("the secret is 42") })
	s.GET("/error", func(echo.Context) error { return fmt.Errorf("the secret is %d", 42) })
	for _, path := range []string{"/panic", "/error"} {
		w := s.ask(t, request(path))
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("GET %s answers %d: %s", path, w.Code, w.Body)
		}
		holdProblem(t, w)
		id := w.Header().Get("X-Request-Id")
		if log := s.log.String(); !strings.Contains(log, "the secret is 42") || strings.Count(log, id) != 2 {
			t.Errorf("the log says %s", log)
		}
	}
}

// TestAborted logs a request whose client went away with 499, and sends nothing.
func TestAborted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request("/api/v1/summary").WithContext(ctx))
	if w.Body.Len() != 0 {
		t.Errorf("it answers %s", w.Body)
	}
	var line map[string]any
	if err := json.Unmarshal(bytes.TrimSpace(s.log.Bytes()), &line); err != nil {
		t.Fatal(err)
	}
	if line["http.response.status_code"] != 499.0 || line["http.route"] != "/api/v1/summary" {
		t.Errorf("the log says %s", s.log)
	}
	if text := s.ask(t, request("/metrics")).Body.String(); !strings.Contains(text, `route="/api/v1/summary",status="499"} 1`) {
		t.Error("it is not counted as 499")
	}
}

// TestServer serves a real connection, with the limits set.
func TestServer(t *testing.T) {
	t.Parallel()
	srv := api.Server(serverOn(t, nil), slog.New(slog.DiscardHandler))
	if srv.ReadHeaderTimeout <= 0 || srv.ReadTimeout <= 0 || srv.IdleTimeout <= 0 || srv.MaxHeaderBytes != 32<<10 {
		t.Errorf("the server is without a limit: %+v", srv)
	}
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = srv
	ts.Start()
	defer ts.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "ok") {
		t.Errorf("it answers %d: %s, %v", resp.StatusCode, body, err)
	}
}
