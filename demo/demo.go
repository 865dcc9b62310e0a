// Package demo is a real small web shop on loopback for people who see Hangup for the first time: a front server that
// logs as nginx does, a slower application behind it that logs as a Python program does, and clients on many loopback
// addresses that hang up for planted reasons. Every record in its logs is about bytes that went over a socket; no
// record is made up, and nothing is written about the time before it started.
//
// It knows nothing of the rest of Hangup: it writes three log files, and the ordinary pipeline reads them.
// docs/demo.md says what is planted and what the dashboard should answer.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// AccessLogFormat is the layout of access.log in the notation of nginx's log_format directive.
const AccessLogFormat = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ` +
	`"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" ` +
	`urt="$upstream_response_time" ups="$upstream_addr" us="$upstream_status" request_id=$request_id`

// Service is the name of the service that all three logs are about. It is one, so that what front and application
// say about the same hang-up counts once.
const Service = "shop"

// MaxRate is the highest rate: some 800 requests a second, which take 2,000 open sockets and a processor core.
const MaxRate = 20

// The defaults of Options.
const (
	defaultRotateAfter = 10 << 20 // three files and their predecessors: 60 MiB
	defaultGrace       = time.Second
)

// Options says where the demo writes and how busy it is. The zero value of each field but Dir is a usable default.
type Options struct {
	// Dir is the directory of the log files. It is made if it does not exist. One Run at a time may use it.
	Dir string

	// Log receives a record when the demo starts and when it ends; nil discards them.
	Log *slog.Logger

	// Rate multiplies the number of clients; 1, the default, is about 40 requests a second. At most MaxRate.
	Rate float64

	// Seed fixes what the clients plan and how long the application works; 0 takes a random one.
	// Times on the wire and request ids differ from run to run all the same.
	Seed uint64

	// RotateAfter is the size in bytes at which a log file is renamed to NAME.1, replacing the one before it,
	// so that at most twice this size is kept of each of the three files. 0 means 10 MiB.
	RotateAfter int64

	// Grace is how long exchanges in flight may take to end by themselves once the context is done; 0 means one
	// second, and less than 0 no time at all. What is cut off after it leaves no record, as in nginx's fast shutdown.
	Grace time.Duration

	scale     float64          // multiplies every planned duration; 0 means 1. For tests.
	forwarded bool             // send addresses in X-Forwarded-For although loopback has many. For tests.
	observe   func(e exchange) // called with the client's own account of each exchange. For tests.
}

// File is one log file that the demo writes.
type File struct {
	Path    string
	Service string // the constant Service
	Format  string // the name of its format; empty when it has a layout
	Layout  string // AccessLogFormat for the access log, else empty
}

// Files lists the log files that Run writes in dir, without touching them. All times in them are UTC; those in
// the error log and the application's log carry no zone, as in the originals.
func Files(dir string) []File {
	return []File{
		{Path: filepath.Join(dir, "access.log"), Service: Service, Layout: AccessLogFormat},
		{Path: filepath.Join(dir, "error.log"), Service: Service, Format: "nginx-error"},
		{Path: filepath.Join(dir, "app.log"), Service: Service, Format: "python-logging"},
	}
}

// Create makes dir and the empty log files in it, so that a reader can be set on them before Run starts.
// What exists is left as it is.
func Create(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make demo directory: %w", err)
	}
	for _, file := range Files(dir) {
		f, err := os.OpenFile(file.Path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return fmt.Errorf("create demo log: %w", err)
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("create demo log: %w", err)
		}
	}
	return nil
}

// Run serves the shop and sends it clients until ctx is done, then ends every goroutine, closes every socket and
// returns what the clients lived through. It appends to log files that exist. The error is nil when ctx ended it;
// otherwise it says which listener or log file failed.
func Run(ctx context.Context, o Options) (Stats, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Stats{}, err
	}
	if err := Create(o.Dir); err != nil {
		return Stats{}, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	logs, err := openLogs(o, fail)
	if err != nil {
		return Stats{}, err
	}
	stats, err := run(ctx, o, logs, fail)
	if fatal, ok := errors.AsType[*fatalError](context.Cause(ctx)); ok {
		err = errors.Join(err, fatal.err)
	}
	return stats, errors.Join(err, logs.close())
}

// fatalError is a failure that ends the demo, as opposed to the end of the caller's context.
type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }

// run starts application, front and clients on open logs, and ends them in the opposite order.
func run(ctx context.Context, o Options, logs logs, fail context.CancelCauseFunc) (Stats, error) {
	app, err := newApp(o, logs.app)
	if err != nil {
		return Stats{}, err
	}
	front, err := newFront(o, app.addr(), logs)
	if err != nil {
		app.cut()
		return Stats{}, err
	}
	truth := &truth{observe: o.observe}
	traffic := newTraffic(o, front.addr(), truth)

	app.start(app.handle, fail)
	front.start(front.handle, fail)
	traffic.start(ctx)
	o.Log.InfoContext(ctx, "demo started", "server.address", front.addr(), "upstream.address", app.addr(),
		"log.file.directory", o.Dir, "seed", o.Seed)

	<-ctx.Done()
	deadline := time.AfterFunc(o.Grace, func() {
		truth.cutting.Store(true)
		front.cut()
		app.cut()
	})
	defer deadline.Stop()
	traffic.wait()
	front.drain()
	app.drain()

	stats := truth.stats()
	o.Log.InfoContext(ctx, "demo stopped", "exchanges", stats.Exchanges, "hang_ups", stats.HangUps())
	return stats, nil
}

// withDefaults fills in what is zero and refuses what makes no sense.
func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("demo: no directory for the log files is set")
	}
	if o.Rate == 0 {
		o.Rate = 1
	}
	if !(o.Rate > 0 && o.Rate <= MaxRate) {
		return o, fmt.Errorf("demo: rate %v is not above 0 and at most %d", o.Rate, MaxRate)
	}
	if o.RotateAfter < 0 {
		return o, fmt.Errorf("demo: rotation size %d is negative", o.RotateAfter)
	}
	if o.RotateAfter == 0 {
		o.RotateAfter = defaultRotateAfter
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	o.Grace = max(o.Grace, 0)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.scale == 0 {
		o.scale = 1
	}
	o.forwarded = o.forwarded || !manyLoopbackAddresses()
	return o, nil
}
