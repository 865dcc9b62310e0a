package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hangup/event"
	"hangup/store"
)

// statusClosed is nginx's word for a request whose client went away before the answer. It is logged, never sent.
const statusClosed = 499

// problems is the one table of errors: what each is to a client. The first whose err is in the chain counts.
var problems = []struct {
	err    error
	status int
	detail string
}{
	{store.ErrNotFound, http.StatusNotFound, "There is nothing with this id."},
	{store.ErrTooWide, http.StatusUnprocessableEntity, "The answer took too long. Ask for a shorter range, or filter by a route."},
	{store.ErrUnavailable, http.StatusServiceUnavailable, "The database does not answer. Logs are kept where they are and read on when it is back."},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "The answer took too long. Try again in a moment."},
	{errBusy, http.StatusServiceUnavailable, "As many logs are looked at as may be. Try again in a moment."},
	{context.Canceled, statusClosed, "The client went away."},
}

// retryAfter is the hint, in seconds, that goes with a 503.
const retryAfter = "5"

// badRequest is an error of the request: what is wrong with which parameter.
type badRequest struct{ errors []ProblemError }

func (b *badRequest) Error() string {
	var s []string
	for _, e := range b.errors {
		if e.Param != nil {
			s = append(s, *e.Param+": "+e.Detail)
		} else {
			s = append(s, e.Detail)
		}
	}
	return strings.Join(s, "; ")
}

// bad returns the error that the parameter is wrong. What it quotes of the request should be short: see quote.
func bad(param, format string, args ...any) error {
	return &badRequest{[]ProblemError{{Param: &param, Detail: fmt.Sprintf(format, args...)}}}
}

// quote returns s in quotation marks, cut to a length that a message can bear.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", event.Clean(s))
}

// toProblem says what err is to a client.
func toProblem(err error) Problem {
	if b, ok := errors.AsType[*badRequest](err); ok {
		detail := "The request cannot be answered: " + b.Error() + "."
		return Problem{Status: http.StatusBadRequest, Detail: &detail, Errors: &b.errors}
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return Problem{Status: p.status, Detail: &p.detail}
		}
	}
	if h, ok := errors.AsType[*echo.HTTPError](err); ok && h.Code < http.StatusInternalServerError {
		detail := httpDetail(h)
		return Problem{Status: h.Code, Detail: &detail}
	}
	detail := "Something went wrong here. The log of the service has more under this request id."
	return Problem{Status: http.StatusInternalServerError, Detail: &detail}
}

// httpDetail words the errors that Echo and the generated code give.
func httpDetail(h *echo.HTTPError) string {
	switch h.Code {
	case http.StatusNotFound:
		return "There is nothing here. The interface is described at " + contractYAML + "."
	case http.StatusMethodNotAllowed:
		return "This path does not take this method."
	case http.StatusRequestEntityTooLarge:
		return "The request's body is too large: the format tester takes " + testBody + "iB, everything else " + bodyLimit + "iB."
	default:
		return fmt.Sprint(h.Message)
	}
}

// errorHandler answers every error of the handlers and of Echo as a problem after RFC 9457.
func errorHandler(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		p := toProblem(err)
		if p.Status == statusClosed {
			c.Response().Status = statusClosed // nobody reads an answer
			c.Response().Committed = true
			return
		}
		p.Type = "about:blank"
		p.Title = http.StatusText(p.Status)
		path := event.Clean(c.Request().URL.Path)
		p.Instance = &path
		id := requestID(c)
		p.RequestId = &id
		if p.Status >= http.StatusInternalServerError {
			log.LogAttrs(c.Request().Context(), slog.LevelError, "answer a request",
				slog.String("error", err.Error()), slog.String("request_id", id), slog.String("http.route", c.Path()))
		}
		body, err := json.Marshal(p)
		if err != nil {
			body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500}`)
		}
		h := c.Response().Header()
		h.Set(echo.HeaderCacheControl, "no-store")
		if p.Status == http.StatusServiceUnavailable {
			h.Set(echo.HeaderRetryAfter, retryAfter)
		}
		// An error of writing is the client's going away, which the access log tells.
		_ = c.Blob(p.Status, "application/problem+json", body)
	}
}
