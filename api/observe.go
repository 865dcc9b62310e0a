package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/labstack/echo/v4"

	"hangup/answer"
)

const (
	metricsPath  = "/metrics"
	requestIDKey = "request_id"
)

// metrics are what Prometheus gets, in its text format.
type metrics struct {
	set  *vm.Set
	more []func(io.Writer)
}

// durationBounds are the buckets of the answers' durations, in seconds.
var durationBounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25}

// answered counts one answer of Hangup's own; 499 is a client that went away. Label values come from closed sets.
func (m *metrics) answered(route, method string, status int, took time.Duration) {
	m.set.GetOrCreateCounter(fmt.Sprintf(`hangup_http_requests_total{method=%q,route=%q,status="%d"}`, method, route, status)).Inc()
	m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf(`hangup_http_request_duration_seconds{route=%q}`, route), durationBounds).Update(took.Seconds())
}

// httpHelp says what the families of answered are.
var httpHelp = []struct{ name, kind, help string }{
	{"hangup_http_requests_total", "counter", "Requests that Hangup itself answered, by route, method and status; 499: the client went away."},
	{"hangup_http_request_duration_seconds", "histogram", "How long the answers took."},
}

// family writes the metrics of one family.
func (m *metrics) family(w *bytes.Buffer, name string) {
	var all bytes.Buffer
	m.set.WritePrometheus(&all)
	for line := range bytes.Lines(all.Bytes()) {
		rest, ok := bytes.CutPrefix(line, []byte(name))
		if ok && (rest[0] == '{' || rest[0] == '_') { // _bucket, _sum and _count
			w.Write(line)
		}
	}
}

func (m *metrics) handler(c echo.Context) error {
	var b bytes.Buffer
	for _, f := range httpHelp {
		_, _ = fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		m.family(&b, f.name)
	}
	for _, write := range m.more {
		write(&b)
	}
	vm.WriteProcessMetrics(&b)
	return c.Blob(http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", b.Bytes())
}

// quiet are the routes that are asked all the time: they are logged only when somebody looks closely.
func quiet(route string) bool {
	return route == "/healthz" || route == "/readyz" || route == metricsPath || route == "/*"
}

// observe gives each request an id and a deadline for its answer, and logs and counts it.
func observe(log *slog.Logger, m *metrics) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			ctx := c.Request().Context() // handlers get one that is cancelled when they are done
			id := newRequestID()
			c.Set(requestIDKey, id)
			c.Response().Header().Set(echo.HeaderXRequestID, id)
			// Not every connection has deadlines: a test's recorder has none.
			_ = http.NewResponseController(c.Response().Writer).SetWriteDeadline(start.Add(writeTimeout))

			if err := next(c); err != nil {
				c.Error(err)
			}
			status := c.Response().Status
			if errors.Is(ctx.Err(), context.Canceled) {
				status = statusClosed
			}
			took := time.Since(start)
			route, method := c.Path(), knownMethod(c.Request().Method)
			m.answered(route, method, status, took)

			level := slog.LevelInfo
			if quiet(route) && status < http.StatusBadRequest {
				level = slog.LevelDebug
			}
			log.LogAttrs(context.WithoutCancel(ctx), level, "request",
				slog.String("client.address", c.RealIP()),
				slog.String("http.request.method", method),
				slog.String("http.route", route),
				slog.String("url.path", answer.Escape(c.Request().URL.Path)),
				slog.Int("http.response.status_code", status),
				slog.Int64("http.response.body.size", c.Response().Size),
				slog.Float64("duration_ms", float64(took.Microseconds())/1000),
				slog.String("request_id", id))
			return nil
		}
	}
}

func newRequestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

func requestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

// knownMethod keeps clients from making up labels.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "_OTHER"
	}
}

// recoverPanics turns a panic into an error, with where it was.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v) // net/http's way to cut a connection
			default:
				err = fmt.Errorf("panic: %v\n%s", v, strings.TrimSpace(string(debug.Stack())))
			}
		}()
		return next(c)
	}
}
