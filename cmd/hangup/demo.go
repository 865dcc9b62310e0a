package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"hangup/demo"
	"hangup/store/local"
)

// demoCmd runs a small web shop with clients that hang up for planted reasons, and the ordinary service on its logs.
type demoCmd struct {
	serveFlags
	Rate float64 `help:"Traffic, as a multiple of the usual." default:"1"`
	Seed uint64  `help:"Seed of the traffic; 0 takes another at each start." default:"0"`
}

// Run runs the demo until ctx ends. Its logs and, without DATABASE_URL, its data stay in the state directory: a second
// start goes on with them.
func (c *demoCmd) Run(ctx context.Context, e env) error {
	if !(c.Rate > 0 && c.Rate <= demo.MaxRate) {
		return usageError{fmt.Errorf("--rate %g is not above 0 and at most %d", c.Rate, demo.MaxRate)}
	}
	dir := c.StateDir
	if dir == "" {
		d, err := local.DefaultDir()
		if err != nil {
			return err
		}
		dir = filepath.Join(d, "demo")
	}
	c.StateDir = dir
	logs := filepath.Join(dir, "logs")
	if err := demo.Create(logs); err != nil {
		return err
	}
	var cfg config
	cfg.Log.Level = "warn" // the terminal is for the address of the page
	for _, f := range demo.Files(logs) {
		cfg.Sources = append(cfg.Sources, sourceConfig{Path: f.Path, Service: f.Service, Format: f.Format, Layout: f.Layout})
	}
	sources, err := cfg.sources(nil)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(e.stdout, "The demo shop logs to %s\n", logs)
	return serve(ctx, e, c.serveFlags, cfg, sources, func(ctx context.Context, log *slog.Logger) error {
		_, err := demo.Run(ctx, demo.Options{Dir: logs, Log: log, Rate: c.Rate, Seed: c.Seed})
		return err
	})
}
