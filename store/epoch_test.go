package store_test

import (
	"testing"

	"hangup/store/storetest/fill"
)

// TestEpochForgets has the database go back behind a service's days, while nothing is written: what was remembered of it
// is not believed in the next epoch.
func TestEpochForgets(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	commit := func() {
		t.Helper()
		b := src.Batch(hangUp(begin, "192.0.2.1", "/a"))
		epoch, err := st.Epoch(t.Context())
		check(t, err)
		b.Epoch = epoch
		check(t, st.Commit(t.Context(), begin, b))
	}
	commit()
	exec(t, pool, `DELETE FROM day_written`)
	exec(t, pool, `UPDATE epoch SET token = gen_random_uuid()`)
	commit()
	wantNumber(t, pool, 1, `SELECT count(*) FROM day_written`)
}

// TestEpochOfATableThatIsMadeAgain restores a dump, which holds the epoch's name, into a server that goes on running.
func TestEpochOfATableThatIsMadeAgain(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	before, err := st.Epoch(t.Context())
	check(t, err)
	again, err := st.Epoch(t.Context())
	check(t, err)
	if before == "" || again != before {
		t.Errorf("the epoch is %q, then %q", before, again)
	}
	exec(t, pool, `ALTER TABLE epoch RENAME TO older`)
	exec(t, pool, `CREATE UNLOGGED TABLE epoch (LIKE older INCLUDING ALL)`)
	exec(t, pool, `INSERT INTO epoch SELECT * FROM older`)
	exec(t, pool, `DROP TABLE older`)
	after, err := st.Epoch(t.Context())
	check(t, err)
	if after == before {
		t.Errorf("the epoch is still %q", after)
	}
}
