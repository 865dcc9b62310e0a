package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hangup/ingest"
	"hangup/parser"
)

// Options choose what is read and what is shown.
type Options struct {
	Sets   []Set
	Parser parser.Options // for all files; an empty format is detected in each
	Stdin  io.Reader
	Routes ingest.RouteLimits
	Filter Filter
	Top    int // how many routes, clients and agents the report holds; 0 takes 10
}

// maxSamples bounds the examples of unparsed records of a source.
const maxSamples = 5

// Run reads all sets side by side, in the order of their times, and returns what they say. A file that cannot be read
// to its end is in its source's Problems; the error is that of ctx alone. When ctx ends, a pipe may still be waited for:
// the caller must be about to exit.
func Run(ctx context.Context, o Options) (*Report, error) {
	var readers sync.WaitGroup
	scanner := ingest.NewScanner(o.Routes)
	var feeds []*feed
	for i, s := range o.Sets {
		f := &feed{source: Source{Name: s.Name, Files: s.Files}, sums: make(chan *ingest.Sums)}
		feeds = append(feeds, f)
		readers.Go(func() {
			defer close(f.sums)
			f.read(ctx, o, scanner, int64(i))
		})
	}
	c := newCollector(o.Filter)
	for {
		f, settled := behind(feeds)
		if f == nil {
			break
		}
		var b *ingest.Sums
		var ok bool
		select {
		case b, ok = <-f.sums:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !ok {
			f.done = true
			continue
		}
		if b.LastEvent.After(f.time) {
			f.time = b.LastEvent
		}
		f.count(b)
		c.add(b, settled)
	}
	readers.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r := c.report(o)
	for _, f := range feeds {
		r.Sources = append(r.Sources, f.source)
	}
	return r, nil
}

// feed is one set that is being read.
type feed struct {
	source Source
	sums   chan *ingest.Sums
	time   time.Time // of the newest event that was taken
	done   bool
}

// behind returns the feed whose events are the oldest, nil when all are done, and the time that all have reached.
func behind(feeds []*feed) (f *feed, settled time.Time) {
	for _, g := range feeds {
		if !g.done && (f == nil || g.time.Before(f.time)) {
			f = g
		}
	}
	if f == nil {
		return nil, time.Time{}
	}
	return f, f.time
}

// generations is how many files of one set are told apart.
const generations = 1 << 20

// read gives the sums of all files in order.
func (f *feed) read(ctx context.Context, o Options, scanner *ingest.Scanner, source int64) {
	options := o.Parser
	for i, name := range f.source.Files {
		in, seen, err := open(name, o.Stdin)
		if err != nil {
			f.problem(name, err)
			continue
		}
		format, confidence, err := scanner.Scan(ctx, ingest.Content{
			Reader: in, Source: source, Generation: source*generations + int64(i), Parser: options, Seen: seen, Keep: o.Filter.keep(),
			ByAgent: o.Filter.Route != "",
		}, func(b *ingest.Sums) error {
			select {
			case f.sums <- b:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		err = errors.Join(err, in.Close())
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			f.problem(name, err)
		}
		if format != "" {
			f.source.Format, f.source.Confidence = format, confidence
			if options.Format == "" {
				options.Hint = format
			}
		}
	}
}

func (f *feed) problem(name string, err error) {
	f.source.Problems = append(f.source.Problems, fmt.Sprintf("%s: %v", Title(name), err))
}

// count adds a part to the source's accounts.
func (f *feed) count(b *ingest.Sums) {
	f.source.Accounts.Add(b.Accounts)
	f.source.Bytes += b.End - b.Start
	for _, s := range b.Unparsed {
		if len(f.source.Samples) < maxSamples {
			f.source.Samples = append(f.source.Samples, Sample{File: f.source.Files[b.Generation%generations], Sample: s})
		}
	}
}

// open opens a file, and says when it was written to last.
func open(name string, stdin io.Reader) (io.ReadCloser, time.Time, error) {
	if name == Stdin {
		in, err := ingest.NewStream(stdin)
		return in, time.Now(), err
	}
	st, err := os.Stat(name)
	if err != nil {
		return nil, time.Time{}, err
	}
	in, err := ingest.OpenStream(name)
	return in, st.ModTime(), err
}

// Title is how a file is named to people.
func Title(file string) string {
	if file == Stdin {
		return "standard input"
	}
	return filepath.Clean(file)
}
