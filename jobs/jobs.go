// Package jobs runs what has to be done again and again: it decides when, and that only one process does it. What is done
// is in the packages below.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"
)

// Job is work that is done every so often.
type Job struct {
	Name        string
	Description string        // one sentence for a person
	Every       time.Duration // from one start to the next
	// Run does the work and says how many rows it changed. It may be cut off at any point and run again.
	Run func(ctx context.Context, now time.Time) (rows int64, err error)
}

// Runner runs a job's work as its only run anywhere, and records it. ran is false when another process is at it.
type Runner interface {
	RunJob(ctx context.Context, job string, f func(ctx context.Context) (rows int64, err error)) (ran bool, err error)
}

// Scheduler runs jobs.
type Scheduler struct {
	log    *slog.Logger
	runner Runner
	jobs   []Job

	mu     sync.Mutex
	cron   gocron.Scheduler
	byName map[string]gocron.Job
	stats  map[string]Stats
}

// Stats say how the runs of a job by this process went.
type Stats struct {
	Runs, Failures int64
	LastSuccess    time.Time     // end of the newest run that went well; zero while there is none
	LastTook       time.Duration // by the newest run
}

// Stats returns how a job's runs went since Run began.
func (s *Scheduler) Stats(name string) Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats[name]
}

func (s *Scheduler) note(name string, begun time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.stats[name]
	x.Runs++
	x.LastTook = time.Since(begun)
	if err != nil {
		x.Failures++
	} else {
		x.LastSuccess = time.Now()
	}
	s.stats[name] = x
}

// New returns a Scheduler for jobs; Run starts it.
func New(log *slog.Logger, runner Runner, jobs []Job) *Scheduler {
	return &Scheduler{log: log, runner: runner, jobs: jobs, byName: map[string]gocron.Job{}, stats: map[string]Stats{}}
}

// stopTimeout is how long a job that is under way may take to end, in Run's return.
const stopTimeout = 10 * time.Second

// Run runs every job at once and then at its interval until ctx ends, and waits for the runs that are under way. A job
// whose run is not over at its next turn leaves that turn out.
func (s *Scheduler) Run(ctx context.Context) error {
	cron, err := gocron.NewScheduler(gocron.WithStopTimeout(stopTimeout), gocron.WithLocation(time.UTC))
	if err != nil {
		return fmt.Errorf("make the scheduler: %w", err)
	}
	runs, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.cron = cron
	for _, j := range s.jobs {
		job, err := cron.NewJob(gocron.DurationJob(j.Every), gocron.NewTask(func() { s.run(runs, j) }),
			gocron.WithName(j.Name), gocron.WithSingletonMode(gocron.LimitModeReschedule), gocron.WithStartAt(gocron.WithStartImmediately()))
		if err != nil {
			s.mu.Unlock()
			return errors.Join(fmt.Errorf("schedule job %s: %w", j.Name, err), cron.Shutdown())
		}
		s.byName[j.Name] = job
	}
	s.mu.Unlock()
	cron.Start()
	<-ctx.Done()
	if err := cron.Shutdown(); err != nil {
		return fmt.Errorf("stop the scheduler: %w", err)
	}
	return nil
}

// longest bounds a run of a job. The server ends each statement in its own time; where nothing passes to it any more, and something
// on the way says that all is well, nobody else does, and the job would never have its turn again.
const longest = 2 * time.Hour

func (s *Scheduler) run(ctx context.Context, j Job) {
	begun := time.Now()
	var rows int64
	c, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	ran, err := s.runner.RunJob(c, j.Name, func(ctx context.Context) (n int64, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
			rows = n
		}()
		return j.Run(ctx, begun.UTC())
	})
	if ctx.Err() == nil && (ran || err != nil) {
		s.note(j.Name, begun, err)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.log.WarnContext(ctx, "job failed", slog.String("job", j.Name), slog.Any("error", err))
	case ran:
		s.log.DebugContext(ctx, "job done", slog.String("job", j.Name), slog.Int64("rows", rows), slog.Duration("duration", time.Since(begun)))
	}
}

// Jobs returns the jobs in the order of the table.
func (s *Scheduler) Jobs() []Job { return s.jobs }

// Next returns when a job runs next; false while that is not known.
func (s *Scheduler) Next(name string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job, ok := s.byName[name]
	if !ok {
		return time.Time{}, false
	}
	t, err := job.NextRun()
	return t, err == nil && !t.IsZero()
}
