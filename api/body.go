package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"hangup/answer"
)

// limitBody refuses bodies that are too large: the format tester's may be larger than others.
func limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	small, large := middleware.BodyLimit(bodyLimit)(next), middleware.BodyLimit(testBody)(next)
	return func(c echo.Context) error {
		if c.Request().Method == http.MethodPost && strings.HasPrefix(c.Path(), "/api/v1/formats/") {
			return large(c)
		}
		return small(c)
	}
}

// strictBinder reads the JSON body of a request and refuses what the contract does not have. It takes no other type: a page
// of another site cannot send JSON without asking first, and is not answered then.
type strictBinder struct{}

// Bind implements echo.Binder.
func (strictBinder) Bind(to any, c echo.Context) error {
	r := c.Request()
	if kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || kind != echo.MIMEApplicationJSON {
		return echo.NewHTTPError(http.StatusUnsupportedMediaType, "The body must be JSON: set Content-Type: application/json.")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON object")
		}
	}
	if err == nil {
		return nil
	}
	if h, ok := errors.AsType[*echo.HTTPError](err); ok { // the body is too large
		return h
	}
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return bad(t.Field, "it is a JSON %s and must be a %s", t.Value, t.Type)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &badRequest{[]ProblemError{{Detail: "the body has no key " + answer.Escape(name)}}}
	}
	return &badRequest{[]ProblemError{{Detail: fmt.Sprintf("the body is not the JSON that is expected: %s", answer.Escape(err.Error()))}}}
}
