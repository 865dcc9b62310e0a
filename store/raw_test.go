package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// TestRawIsWhole stores hang-ups whose values stand in their texts at all places, overlap, repeat, are not there, or hold the mark
// by which they are left out: every text is given back as it was.
func TestRawIsWhole(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	r := rand.New(rand.NewPCG(81, 1))
	words := []string{"/a/long/path", "long", "curl/8.5.0", "\x1a", "\x1ap", "\x1a\x1a", " ", "\n", "ä ö ü", "broken pipe", "%", "\\", "198.51.100.7", "\"", "mmmmmm", "mmm"}
	text := func(n int) (s string) {
		for range n {
			s += words[r.IntN(len(words))]
		}
		return s
	}
	var records []event.Hangup
	var want []string
	for i := range 400 {
		h := hangUp(begin, text(r.IntN(4)), "/p")
		h.Text = text(r.IntN(25)) + fmt.Sprint(i)
		for _, v := range []*string{&h.Path, &h.Query, &h.Host, &h.UserAgent, &h.Referer, &h.RequestID, &h.Upstream, &h.Logger, &h.Message} {
			switch n := len(h.Text); r.IntN(3) {
			case 0: // a part of the text, whole characters
				from := r.IntN(n)
				*v = event.Clean(h.Text[from : from+r.IntN(n-from+1)])
			case 1:
				*v = text(r.IntN(4))
			}
		}
		records, want = append(records, h), append(want, h.Text)
	}
	plain := hangUp(begin, "198.51.100.7", "/checkout/confirm")
	plain.UserAgent = "Mozilla/5.0 (X11; Linux x86_64)"
	plain.Text = `198.51.100.7 - - [09/Mar/2026:22:00:00 +0000] "GET /checkout/confirm HTTP/1.1" 499 0 "-" "Mozilla/5.0 (X11; Linux x86_64)"`
	records, want = append(records, plain), append(want, plain.Text)
	off := src.Add(t, records...)
	service, err := st.ServiceID(t.Context(), "shop")
	check(t, err)
	for i, text := range want {
		k := off + int64(i)*100
		d, err := st.Event(t.Context(), store.EventKey{Service: service, Day: begin.Truncate(day), Generation: src.Generation, Off: k})
		check(t, err)
		if d.Raw != text {
			t.Errorf("record %d: %q is given back as %q", i, text, d.Raw)
		}
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM disconnect WHERE raw = E'\x1ac - - [09/Mar/2026:22:00:00 +0000] "GET \x1ap HTTP/1.1" 499 0 "-" "\x1au"'`)
	// What is stored stays readable for people with psql.
	wantNumber(t, pool, int64(len(want)), `SELECT count(*) FROM disconnect d WHERE raw_of(d) = ANY ($1)`, want)
}
