package store

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/store/storetest"
)

// TestAskLimits looks at the settings under which questions run, and that they are gone afterwards.
func TestAskLimits(t *testing.T) {
	t.Parallel()
	s := New(storetest.New(t))
	settings := func(q interface {
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	},
	) (timeout, jit, plans, readOnly, isolation string) {
		t.Helper()
		err := q.QueryRow(t.Context(), `SELECT current_setting('statement_timeout'), current_setting('jit'), current_setting('plan_cache_mode'),
			current_setting('transaction_read_only'), current_setting('transaction_isolation')`).Scan(&timeout, &jit, &plans, &readOnly, &isolation)
		if err != nil {
			t.Fatal(err)
		}
		return timeout, jit, plans, readOnly, isolation
	}
	err := s.ask(t.Context(), "settings", func(tx pgx.Tx) error {
		timeout, jit, plans, readOnly, isolation := settings(tx)
		if timeout != "10s" || jit != "off" || plans != "force_custom_plan" || readOnly != "on" || isolation != "repeatable read" {
			t.Errorf("a question runs with %s, %s, %s, %s, %s", timeout, jit, plans, readOnly, isolation)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if timeout, _, plans, readOnly, _ := settings(s.pool); timeout == "10s" || plans != "auto" || readOnly != "off" {
		t.Errorf("afterwards the session has %s, %s, %s", timeout, plans, readOnly)
	}
}

// TestAskErrors looks at what callers can tell errors apart by.
func TestAskErrors(t *testing.T) {
	t.Parallel()
	pool := storetest.New(t)
	s := New(pool)
	raise := func(code string) func(tx pgx.Tx) error {
		return func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '`+code+`'; END $$`)
			return err
		}
	}
	for code, want := range map[string]error{
		"57014": ErrTooWide, "57P01": ErrUnavailable, "57P03": ErrUnavailable, "53300": ErrUnavailable, "53200": ErrUnavailable, "08006": ErrUnavailable,
		"42601": nil, "22P02": nil,
	} {
		err := s.ask(t.Context(), "an error", raise(code))
		for _, sentinel := range []error{ErrTooWide, ErrUnavailable, ErrNotFound} {
			if errors.Is(err, sentinel) != errors.Is(want, sentinel) {
				t.Errorf("SQLSTATE %s gives %v", code, err)
			}
		}
		if err == nil {
			t.Errorf("SQLSTATE %s gives no error", code)
		}
	}
	if err := s.ask(t.Context(), "nothing", func(pgx.Tx) error { return ErrNotFound }); !errors.Is(err, ErrNotFound) {
		t.Errorf("what is not there gives %v", err)
	}
	if err := s.ask(t.Context(), "a write", func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO service (name) VALUES ('x')`)
		return err
	}); err == nil {
		t.Error("a question may write")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.ask(cancelled, "nothing", func(pgx.Tx) error { return nil }); !errors.Is(err, context.Canceled) || errors.Is(err, ErrTooWide) {
		t.Errorf("a client that went away gives %v", err)
	}
	away, err := pgxpool.New(t.Context(), "postgres:///hangup?host="+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	if err := New(away).ask(t.Context(), "nothing", func(pgx.Tx) error { return nil }); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a server that is not there gives %v", err)
	}
	if err := New(away).Ping(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("its ping gives %v", err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("a server that is there gives %v", err)
	}
}
