package ingest

import (
	"fmt"
	"runtime/debug"
)

// guarded returns f with its panic as an error: one file's fault is not the others'. A panic in a goroutine that nobody
// guards ends the process.
func guarded(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return f()
	}
}
