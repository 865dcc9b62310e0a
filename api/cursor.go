package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"hangup/store"
)

// cursor is where a list goes on: after which item, in which range, of which question. Clients get it as one opaque
// word. It gives no access that its holder does not have, so it is not signed; whatever is in it is checked.
type cursor[K any] struct {
	Question string   `json:"q"` // see questionID
	Range    [2]int64 `json:"r"` // in unix seconds: "now" means the same for all pages
	After    K        `json:"a"`
}

// questionID names a question by its parameters, so that a cursor is used with the question it came from only.
func questionID(params ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(params, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

func (c cursor[K]) encode() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers and text
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeCursor reads a cursor of the question.
func decodeCursor[K any](s, question string) (cursor[K], error) {
	var c cursor[K]
	notOurs := bad("cursor", "it is not one that this service gave: take next_cursor as it is, or leave it out to begin again")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return c, notOurs
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || d.More() {
		return c, notOurs
	}
	if c.Question != question {
		return c, bad("cursor", "it belongs to another question: keep all other parameters as they were, or leave it out to begin again")
	}
	r := c.rng()
	if r.From.Before(firstTime) || !r.To.Before(lastTime.Add(day)) || !r.From.Before(r.To) || r != store.Minutes(r.From, r.To) || checkLength(r) != nil {
		return c, notOurs
	}
	return c, nil
}

func (c cursor[K]) rng() store.Range {
	return store.Range{From: time.Unix(c.Range[0], 0).UTC(), To: time.Unix(c.Range[1], 0).UTC()}
}

// eventAfter is an event's place in a cursor.
type eventAfter struct {
	At         int64 `json:"t"` // microseconds since 1970, as PostgreSQL keeps times
	Generation int64 `json:"g"`
	Off        int64 `json:"o"`
}

// routeAfter is a route's place in a cursor.
type routeAfter struct {
	Value float64 `json:"v"`
	Name  string  `json:"n"` // of the order by name
	ID    int32   `json:"i"`
}

// clientAfter is a client's place in a cursor.
type clientAfter struct {
	Value   float64 `json:"v"`
	Client  string  `json:"c"`
	Service string  `json:"s"`
}
