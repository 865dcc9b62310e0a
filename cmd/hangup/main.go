// Command hangup answers from ordinary logs which requests make clients hang up, who hangs up, and why.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line: one field a subcommand, each in its own file.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Follow logs; serve the page and the API."`
	Demo    demoCmd    `cmd:"" help:"Run a small web shop whose clients hang up for planted reasons, and watch it."`
	Import  importCmd  `cmd:"" help:"Read old logs, rotated and compressed ones too, into the database, each content once."`
	Report  reportCmd  `cmd:"" help:"Say from log files, without a database, which requests make clients hang up."`
	Parse   parseCmd   `cmd:"" help:"Print the records of a log as JSON, one a line."`
	Formats formatsCmd `cmd:"" help:"List the log formats."`
	Detect  detectCmd  `cmd:"" help:"Say which format a log has, and how sure that is."`
	Doctor  doctorCmd  `cmd:"" help:"Check logs, their formats, the disk and the database, and say what to do."`
	Verify  verifyCmd  `cmd:"" help:"Count again what is stored, from the files that are still there."`
	Migrate migrateCmd `cmd:"" help:"Bring a database to this program's schema."`

	Version kong.VersionFlag `help:"Print the version and exit."`
}

// env is what a subcommand needs of the world. Tests make their own.
type env struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
}

// usageError is an error of the command line or the configuration: exit code 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	e := env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, e, os.Args[1:])
	stop()
	os.Exit(code)
}

// run is the program without the process: it parses args, runs the subcommand and returns the exit code:
// 0, 1 for a failure, 2 for what the caller has to put right.
func run(ctx context.Context, e env, args []string) int {
	var c cli
	k, err := kong.New(&c,
		kong.Name("hangup"),
		kong.Description("Which requests make clients hang up, who hangs up, and why: from ordinary logs."),
		kong.UsageOnError(),
		kong.Writers(e.stdout, e.stderr),
		kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(e),
	)
	if err != nil {
		_, _ = fmt.Fprintln(e.stderr, "hangup:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	cmd, err := k.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(e.stderr, "hangup: %v (see hangup --help)\n", err)
		return 2
	}
	switch err := cmd.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		_, _ = fmt.Fprintln(e.stderr, "hangup: interrupted")
		return 1
	case errors.As(err, new(usageError)):
		_, _ = fmt.Fprintln(e.stderr, "hangup:", err)
		return 2
	default:
		_, _ = fmt.Fprintln(e.stderr, "hangup:", err)
		return 1
	}
}

// version returns the module's version as the build recorded it.
func version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "unknown"
}
