package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	metricsPath  = "/metrics"
	requestIDKey = "request_id"
)

// metrics are what Prometheus gets.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(more []prometheus.Collector) (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hangup_http_requests_total",
			Help: "Requests to Hangup itself, by route, method and status; 499 is a client that went away.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "hangup_http_request_duration_seconds",
			Help:    "How long Hangup took to answer.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25},
		}, []string{"route"}),
	}
	own := []prometheus.Collector{
		m.requests, m.duration,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}
	for _, c := range append(own, more...) {
		if err := m.registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) handler() echo.HandlerFunc {
	return echo.WrapHandler(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
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
			m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
			m.duration.WithLabelValues(route).Observe(took.Seconds())

			level := slog.LevelInfo
			if quiet(route) && status < http.StatusBadRequest {
				level = slog.LevelDebug
			}
			log.LogAttrs(context.WithoutCancel(ctx), level, "request",
				slog.String("client.address", c.RealIP()),
				slog.String("http.request.method", method),
				slog.String("http.route", route),
				slog.String("url.path", cut(c.Request().URL.Path)),
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
