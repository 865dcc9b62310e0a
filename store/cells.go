package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hangup/store/block"
)

// cell is a block's cell with what it is about.
type cell struct {
	block.Cell
	service, route int32
	at             int64 // when its minute, hour or day begins, in seconds since 1970
}

// each calls f for all counts of the plan, each once, that the filter keeps. It is the only way from a question to the
// counts. The cell is f's until it returns.
func (p plan) each(ctx context.Context, tx pgx.Tx, f Filter, do func(*cell) error) error {
	agents, err := f.agents(ctx, tx)
	if err != nil {
		return err
	}
	sql, a, within := p.blocks(f)
	if sql == "" {
		return nil
	}
	rows, err := tx.Query(ctx, sql, a.list...)
	if err != nil {
		return err
	}
	var (
		c       cell
		at      time.Time
		b       []byte
		minutes bool
	)
	_, err = pgx.ForEachRow(rows, []any{&c.service, &at, &c.route, (*pgtype.DriverBytes)(&b), &minutes}, func() error {
		from, to := 0, 60
		if minutes {
			m := within[bucket{c.service, at.UTC()}]
			from, to = m.from, m.to
		}
		begin := at.Unix()
		r := block.ReadCells(b)
		for r.Next() {
			if r.Minute < from || r.Minute >= to || agents != nil && !agents[r.Agent] {
				continue
			}
			c.Cell, c.at = r.Cell, begin+int64(r.Minute)*60
			if err := do(&c); err != nil {
				return err
			}
		}
		if err := r.Err(); err != nil {
			return fmt.Errorf("counts of route %d, service %d, %s: %w", c.route, c.service, at.UTC().Format(time.RFC3339), err)
		}
		return nil
	})
	return err
}

// blocks returns the question for the plan's blocks, of the routes that the filter keeps, and which minutes count of those
// that are of minutes. It is empty when there are none.
func (p plan) blocks(f Filter) (string, *args, map[bucket]minutesOfHour) {
	a := &args{}
	where := f.onBlock(a)
	var branches []string
	branch := func(table, at string, minutes bool, buckets []bucket) {
		for _, same := range byService(buckets) {
			days := ""
			if minutes { // it says nothing new, but leaves the partitions of other days out
				days = fmt.Sprintf(" AND t.day >= %s AND t.day <= %s", a.add(dayOf(same.at[0])), a.add(dayOf(same.at[len(same.at)-1])))
			}
			branches = append(branches, fmt.Sprintf("SELECT t.service_id, t.%[2]s, t.route_id, t.cells, %[3]t FROM %[1]s t WHERE t.service_id = %[4]s AND t.%[2]s = ANY(%[5]s::timestamptz[])%[6]s%[7]s",
				table, at, minutes, a.add(same.service), a.add(same.at), days, where))
		}
	}
	branch("day_block", "bucket", false, p.days)
	branch("hour_block", "bucket", false, p.hours)
	within := make(map[bucket]minutesOfHour, len(p.minutes))
	hours := make([]bucket, len(p.minutes))
	for i, m := range p.minutes {
		within[m.bucket], hours[i] = m, m.bucket
	}
	branch("minute_block", "hour", true, hours)
	return strings.Join(branches, "\nUNION ALL "), a, within
}

// agents returns the ids of the classes of user agents that the filter keeps, nil for all. An id is of one service.
func (f Filter) agents(ctx context.Context, tx pgx.Tx) (map[int32]bool, error) {
	if !f.has(FieldAgent) && !f.has(FieldAgentClass) {
		return nil, nil //nolint:nilnil // nil keeps all
	}
	a := &args{}
	rows, err := tx.Query(ctx, "SELECT t.agent_id FROM agent t WHERE true"+
		f.sql(a, map[Field]string{FieldAgent: "t.family = ANY(%s)", FieldAgentClass: "t.class = ANY(%s)"}), a.list...)
	if err != nil {
		return nil, err
	}
	out := map[int32]bool{}
	var id int32
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		out[id] = true
		return nil
	})
	return out, err
}
