// Package api serves the questions of package store as HTTP and JSON after the contract in openapi.yaml, and the page
// beside it. It reads; it changes nothing.
package api

import (
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"hangup/event"
	"hangup/parser"
	"hangup/store"
)

// Options are what the service is made of.
type Options struct {
	Store   *store.Store
	Log     *slog.Logger
	Version string

	// Sources tells how the reading of the sources goes; nil when this process reads none.
	Sources interface{ Status() []event.SourceState }
	// Excerpts gives lines of the sources to the format tester; nil when this process reads none.
	Excerpts Excerpts
	// Jobs tells the schedule; nil when this process runs no jobs.
	Jobs interface{ Schedule() []JobInfo }
	// Formats are those that users defined; nil for none.
	Formats *parser.UserFormats
	// Hosts are the names, without a port, under which the service may be asked, beside those of the loopback device.
	// "*" is any name.
	Hosts []string
	// Files are the page: index.html and assets/; nil for none.
	Files fs.FS
	// Metrics write what is shown at /metrics beside the service's own, in Prometheus's text format.
	Metrics []func(io.Writer)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// JobInfo is a scheduled job.
type JobInfo struct {
	Name        string
	Description string
	Every       time.Duration
	Next        time.Time // zero when it is not known
}

// How long an answer may take, and what a request may weigh.
const (
	answerTimeout = 25 * time.Second
	writeTimeout  = 30 * time.Second
	bodyLimit     = "64K"
	gzipFrom      = 1024 // bytes
)

// service answers the operations of the contract.
type service struct {
	Options
	places chan struct{} // one for each request that may look at formats at one time
}

var _ StrictServerInterface = (*service)(nil)

// New returns the service's handler: all endpoints, the metrics and the page. It fails when the contract
// is at odds with itself.
func New(o Options) (*echo.Echo, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	params, contractAsJSON, err := readContract()
	if err != nil {
		return nil, err
	}
	m := &metrics{vm.NewSet(), o.Metrics}
	page, err := newPage(o.Files)
	if err != nil {
		return nil, err
	}

	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = errorHandler(o.Log)
	e.Binder = strictBinder{}
	e.Use(
		observe(o.Log, m),
		recoverPanics,
		headers,
		allowHosts(o.Hosts),
		limitBody,
		middleware.GzipWithConfig(middleware.GzipConfig{
			MinLength: gzipFrom,
			Skipper:   func(c echo.Context) bool { return c.Path() == metricsPath },
		}),
		middleware.ContextTimeout(answerTimeout),
		params.middleware,
	)
	RegisterHandlers(e, NewStrictHandler(&service{o, make(chan struct{}, testsAtOnce)}, nil))
	serveContract(e, contractAsJSON)
	e.GET(metricsPath, m.handler)
	e.GET("/*", page.serve)
	e.HEAD("/*", page.serve)
	return e, nil
}

// Server returns a server for the handler with the limits that a service on an open network needs. The caller gives
// it a listener, and shuts it down. Errors of connections go to log.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// now returns the time in UTC.
func (s *service) now() time.Time { return s.Now().UTC() }

// status returns the live states by source.
func (s *service) status() map[int64]event.SourceState {
	out := map[int64]event.SourceState{}
	if s.Sources == nil {
		return out
	}
	for _, v := range s.Sources.Status() {
		out[v.Source] = v
	}
	return out
}
