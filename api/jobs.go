package api

import (
	"context"
	"time"
)

// runsShown is how many runs of each job are given.
const runsShown = 20

// ListJobs gives the scheduled jobs with their last runs. A job that is recorded but not scheduled here is run by another
// process, or was in an older version.
func (s *service) ListJobs(ctx context.Context, _ ListJobsRequestObject) (ListJobsResponseObject, error) {
	runs, err := s.Store.JobRuns(ctx, runsShown)
	if err != nil {
		return nil, err
	}
	out := ListJobs200JSONResponse{Items: []Job{}}
	place := map[string]int{}
	add := func(j Job) {
		place[j.Name] = len(out.Items)
		out.Items = append(out.Items, j)
	}
	if s.Jobs != nil {
		for _, j := range s.Jobs.Schedule() {
			add(Job{
				Name: j.Name, Description: j.Description, EverySeconds: int(j.Every / time.Second),
				NextRunAt: some(j.Next), Runs: []JobRun{},
			})
		}
	}
	for _, r := range runs {
		if _, ok := place[r.Job]; !ok {
			add(Job{Name: r.Job, Description: "Not scheduled by this process.", Runs: []JobRun{}})
		}
		j := &out.Items[place[r.Job]]
		v := JobRun{StartedAt: r.StartedAt.UTC(), FinishedAt: utc(r.FinishedAt), Rows: r.Rows, Error: r.Error}
		if r.FinishedAt != nil {
			ms := float64(r.FinishedAt.Sub(r.StartedAt).Microseconds()) / 1000
			v.DurationMs = &ms
		}
		j.Runs = append(j.Runs, v)
	}
	return out, nil
}
