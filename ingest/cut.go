package ingest

import (
	"context"
	"log/slog"
	"time"

	"hangup/event"
)

// cut is a generation that was truncated: what is not found in a copy of it within copyTime is lost.
type cut struct {
	at   time.Time
	path string
	size int64
}

const copyTime = 30 * time.Second

// settleCuts says of each truncated generation what became of the bytes that were not read from it.
func (m *manager) settleCuts(ctx context.Context) error {
	for id, c := range m.cut {
		if time.Since(c.at) < copyTime {
			continue
		}
		g, err := m.Ledger.Generation(ctx, m.source.Service, id)
		if err != nil {
			return err
		}
		state, lost := event.Done, max(c.size-g.Off, 0)
		if lost > 0 {
			state = event.Lost
			m.log.WarnContext(ctx, "bytes were truncated away before they could be read, and no copy has them",
				slog.String("log.file.path", c.path), slog.Int64("bytes", lost))
		}
		if err := m.Ledger.SetGeneration(ctx, m.source.Service, id, g.Path, state, lost); err != nil {
			return err
		}
		delete(m.cut, id)
	}
	return nil
}
