package parser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hangup/event"
)

// TestAdvice holds that advice is for formats that exist, and says something.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, a := range advice {
		if _, ok := registry[name]; !ok || a.Hides == "" {
			t.Errorf("advice for %q: %+v", name, a)
		}
	}
}

// TestNginxAdvice reads lines as nginx writes them by the configuration that is advised, in the format that is detected:
// what the advice promises must show.
func TestNginxAdvice(t *testing.T) {
	t.Parallel()
	layout, _, _ := strings.Cut(nginxConfig, "access_log")
	p, err := New(Options{Layout: layout})
	if err != nil {
		t.Fatal(err)
	}
	line := func(completion string) string {
		return `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 200 12 "-" "curl/8.5.0" rt=2.001 urt=2.000, 0.1 us=502, 200 ` +
			`ua=10.0.0.1:80, 10.0.0.2:80 completion=` + completion + " rid=5f1c\n"
	}
	detected, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Parser{"layout": p, "detected": detected} {
		var got []string
		feed(p, []byte(line("OK")+line("")), func(r *event.Record) {
			got = append(got, fmt.Sprintf("%s %s %s", r.Kind, r.Duration.V, r.RequestID))
		})
		if want := []string{"request 2.001s 5f1c", "disconnect 2.001s 5f1c"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
