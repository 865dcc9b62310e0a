package store

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"hangup/event"
)

// failure says of which class an error of a commit is.
func failure(err error) *event.Failure {
	return &event.Failure{Class: classOf(err), Err: err}
}

func classOf(err error) event.Class {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok && errors.Is(err, context.DeadlineExceeded):
		return event.TooSlow
	case !ok && isConnError(err):
		return event.Unreachable
	case !ok:
		return event.OtherClass
	}
	switch pg.Code {
	case "53100":
		return event.DiskFull
	case queryCanceled, "25P03": // by statement_timeout, by idle_in_transaction_session_timeout
		return event.TooSlow
	case "40001", "40P01", "55P03":
		return event.Conflict
	}
	switch {
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "57P"):
		return event.Unreachable
	case strings.HasPrefix(pg.Code, "53"):
		return event.NoResources
	default:
		return event.OtherClass
	}
}
