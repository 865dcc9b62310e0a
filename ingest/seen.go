package ingest

import (
	"context"
	"time"
)

// noteEvery is how often it is noted which contents lie on the disk. It is short beside the time after which the store forgets
// those that do not: see store.Expire.
const noteEvery = 12 * time.Hour

// noteSeen notes, now and then, which contents lie on the disk: those that are forgotten would be read again. It does so after a
// look that saw everything, when nothing is left that it found and that is not told yet.
func (m *manager) noteSeen(ctx context.Context) error {
	if len(m.pending)+len(m.looking)+len(m.unread)+len(m.waits) > 0 || !m.noted.IsZero() && time.Since(m.noted) < noteEvery {
		return nil
	}
	ids := make([]int64, 0, len(m.held)+len(m.asleep)+len(m.settled))
	for _, h := range m.held {
		ids = append(ids, h.gen.ID)
	}
	for _, s := range m.asleep {
		ids = append(ids, s.gen)
	}
	for _, id := range m.settled {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	since, err := m.Ledger.NoteSeen(ctx, m.source.Service, m.id, ids)
	if err != nil {
		return err
	}
	m.noted = time.Now()
	if since.After(m.first) {
		m.first = since
	}
	return nil
}
