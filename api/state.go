package api

import (
	"context"
	"fmt"
	"time"

	"hangup/event"
)

// pingTimeout is how long the database may take to be called ready.
const pingTimeout = time.Second

// GetHealth says that the process lives.
func (s *service) GetHealth(context.Context, GetHealthRequestObject) (GetHealthResponseObject, error) {
	return GetHealth200JSONResponse{Status: HealthStatusOk}, nil
}

// GetReadiness says whether the database answers, which decides, and whether logs are read, which does not: questions
// about what is stored are answered without.
func (s *service) GetReadiness(ctx context.Context, _ GetReadinessRequestObject) (GetReadinessResponseObject, error) {
	database := s.checkDatabase(ctx)
	ingest := s.checkIngest()
	out := Readiness{Status: ReadinessStatusReady, Checks: []ReadinessCheck{database, ingest}}
	switch {
	case !database.Ok:
		out.Status = ReadinessStatusUnavailable
		return GetReadiness503JSONResponse(out), nil
	case !ingest.Ok:
		out.Status = ReadinessStatusDegraded
	}
	return GetReadiness200JSONResponse(out), nil
}

func (s *service) checkDatabase(ctx context.Context) ReadinessCheck {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := s.Store.Ping(ctx); err != nil {
		detail := "PostgreSQL does not answer. Nothing is lost: logs are read on from where they were when it is back."
		return ReadinessCheck{Name: "database", Detail: &detail}
	}
	return ReadinessCheck{Name: "database", Ok: true}
}

func (s *service) checkIngest() ReadinessCheck {
	out := ReadinessCheck{Name: "ingest", Ok: true}
	states := s.status()
	failing, full := 0, false
	for _, v := range states {
		if v.LastError == "" || v.NoFile {
			continue
		}
		failing++
		full = full || v.LastClass == event.DiskFull
		if out.Since == nil || v.LastErrorAt.Before(*out.Since) {
			at := v.LastErrorAt.UTC()
			out.Since, out.Detail = &at, &v.LastError
		}
	}
	detail := fmt.Sprintf("%d sources are read.", len(states))
	if failing > 0 {
		out.Ok = false
		detail = fmt.Sprintf("%d of %d sources cannot be read or stored: %s", failing, len(states), *out.Detail)
	}
	if full {
		detail = "The database's disk is full: free some space there. Nothing is lost: logs are read on from where they are then."
	}
	out.Detail = &detail
	return out
}
