package parser

import "testing"

// TestAdvice holds that advice is for formats that exist, and says something.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, a := range advice {
		if _, ok := registry[name]; !ok || a.Hides == "" {
			t.Errorf("advice for %q: %+v", name, a)
		}
	}
}
