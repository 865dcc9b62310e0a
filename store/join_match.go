package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
	"hangup/join"
	"hangup/store/block"
)

// joiner is a connection, or a transaction on one.
type joiner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// joinFew is how many reports are compared one by one with what a statement finds. While a day's statistics are young it
// looks empty, and a loop over all of both would be chosen for many as well.
const joinFew = 20

// reports are reports that are to be joined together.
type reports struct {
	records []join.Record
	clients []*string
	paths   []*string // of those without a client
}

// joinReports joins the reports that args choose until nothing fits, and returns how many it joined. It is errTooMany when
// it would have to look at more than most records together.
func joinReports(ctx context.Context, conn joiner, most int, args pgx.NamedArgs) (n int64, err error) {
	args = maps.Clone(args)
	args["seed"], args["most"] = rand.Int64(), most+1
	var all reports
	if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		all, err = listReports(ctx, tx, args)
		return err
	}); err != nil {
		return 0, err
	}
	if len(all.records) > most {
		return 0, errTooMany
	}
	for from := 0; from < len(all.records); {
		end := all.records[from].At + joinSpan.Microseconds()
		to := from
		for to < len(all.records) && all.records[to].At <= end {
			to++
		}
		part := reports{all.records[from:to], all.clients[from:to], all.paths[from:to]}
		k, err := joinTogether(ctx, conn, part, most, args)
		if n += k; err != nil {
			return n, err
		}
		from = to
	}
	return n, nil
}

// joinTogether joins reports of joinSpan at most.
func joinTogether(ctx context.Context, conn joiner, all reports, most int, args pgx.NamedArgs) (n int64, err error) {
	done := false
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if args["clients"] == nil && len(all.records) > joinFew {
			if _, err := tx.Exec(ctx, `SET LOCAL enable_nestloop = off`); err != nil {
				return err
			}
		}
		records, err := listTargets(ctx, tx, all, most, args)
		if err != nil {
			return err
		}
		var pairs []join.Pair
		if pairs, done = join.Match(records, joinSteps*len(records)); len(pairs) == 0 {
			return nil
		}
		n, err = joinPairs(ctx, tx, records, pairs, args)
		return err
	})
	if err != nil {
		return 0, err // what was joined is undone
	}
	if !done {
		return n, errTooMany
	}
	return n, nil
}

// listReports returns the reports that args choose, by time.
func listReports(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) (all reports, err error) {
	rows, err := tx.Query(ctx, joinReportsSQL, args)
	if err != nil {
		return reports{}, err
	}
	var r hashedRecord
	var client, path *string
	_, err = pgx.ForEachRow(rows, []any{
		&r.at, &r.Source, &r.Generation, &r.Off, &r.route, &client, &path, &r.client, &r.port, &r.path, &r.method, &r.request,
	}, func() error {
		r.Report = true
		all.records, all.clients, all.paths = append(all.records, r.record()), append(all.clients, client), append(all.paths, path)
		return nil
	})
	return all, err
}

// hashedRecord is a record as the database gives it.
type hashedRecord struct {
	join.Record

	at                            time.Time
	route, port                   int32
	client, path, method, request int64
}

func (r *hashedRecord) record() join.Record {
	out := r.Record
	out.At, out.Route, out.Port = r.at.UnixMicro(), uint64(r.route), uint16(r.port)
	out.Client, out.Path, out.Method, out.RequestID = uint64(r.client), uint64(r.path), uint64(r.method), uint64(r.request)
	return out
}

// listTargets returns the reports and all that they may be joined to.
func listTargets(ctx context.Context, tx pgx.Tx, all reports, most int, args pgx.NamedArgs) ([]join.Record, error) {
	type place struct {
		route int32
		path  string
	}
	clients, places, source := map[string]bool{}, map[place]bool{}, int64(0)
	for i := range all.records {
		source = max(source, all.records[i].Source)
		if c := all.clients[i]; c != nil {
			clients[*c] = true
		} else if p := all.paths[i]; p != nil {
			places[place{int32(all.records[i].Route), *p}] = true
		}
	}
	routes, paths := make([]int32, 0, len(places)), make([]string, 0, len(places))
	for p := range places {
		routes, paths = append(routes, p.route), append(paths, p.path)
	}
	first, last := time.UnixMicro(all.records[0].At), time.UnixMicro(all.records[len(all.records)-1].At)
	rows, err := tx.Query(ctx, joinTargetsSQL, pgx.NamedArgs{
		"service": args["service"], "seed": args["seed"], "most": args["most"], "before_source": source,
		"clients": slices.AppendSeq(make([]string, 0, len(clients)), maps.Keys(clients)), "routes": routes, "paths": paths,
		"first": first.Add(-join.After), "last": last.Add(join.Before), "far_first": first.Add(-join.Window), "far_last": last.Add(join.Window),
		"first_day": dayOf(first.Add(-join.Window)), "last_day": dayOf(last.Add(join.Window)),
	})
	if err != nil {
		return nil, err
	}
	records := slices.Clone(all.records)
	var r hashedRecord
	if _, err := pgx.ForEachRow(rows, []any{
		&r.at, &r.Duration, &r.Source, &r.Generation, &r.Off, &r.Exchange, &r.route, &r.client, &r.port, &r.path, &r.method, &r.request, &r.Taken,
	}, func() error {
		records = append(records, r.record())
		return nil
	}); err != nil {
		return nil, err
	}
	if len(records)-len(all.records) > most {
		return nil, errTooMany
	}
	return once(records), nil
}

// once makes one record of each that was found twice: as a report and as a target, or by its client and by its path.
func once(records []join.Record) []join.Record {
	slices.SortStableFunc(records, func(a, b join.Record) int {
		return cmp.Or(cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Off, b.Off))
	})
	out := records[:0]
	for _, r := range records {
		if n := len(out) - 1; n >= 0 && out[n].Generation == r.Generation && out[n].Off == r.Off {
			out[n].Report = out[n].Report || r.Report
			out[n].Duration = max(out[n].Duration, r.Duration)
			out[n].Taken = append(out[n].Taken, r.Taken...)
			continue
		}
		out = append(out, r)
	}
	return out
}

// joinPairs joins what was found, and returns how many that were.
func joinPairs(ctx context.Context, tx pgx.Tx, records []join.Record, pairs []join.Pair, args pgx.NamedArgs) (int64, error) {
	days := make([]time.Time, len(pairs))
	generations, offs := make([]int64, len(pairs)), make([]int64, len(pairs))
	toGenerations, toOffs := make([]int64, len(pairs)), make([]int64, len(pairs))
	var first, last time.Time
	for i, p := range pairs {
		r, t := &records[p.Report], &records[p.Target]
		at := time.UnixMicro(r.At)
		if i == 0 || at.Before(first) {
			first = at
		}
		if i == 0 || at.After(last) {
			last = at
		}
		days[i] = dayOf(at)
		generations[i], offs[i], toGenerations[i], toOffs[i] = r.Generation, r.Off, t.Generation, t.Off
	}
	rows, err := tx.Query(ctx, joinSQL, pgx.NamedArgs{
		"service": args["service"], "generation": args["generation"], "days": days,
		"first": first, "last": last, "first_day": dayOf(first), "last_day": dayOf(last),
		"generations": generations, "offs": offs, "to_generations": toGenerations, "to_offs": toOffs,
	})
	if err != nil {
		return 0, err
	}
	joined, err := pgx.CollectRows(rows, pgx.RowToStructByPos[joinedReport])
	if err != nil || len(joined) == 0 {
		return 0, err
	}
	return int64(len(joined)), takeOut(ctx, tx, args["service"].(int32), joined)
}

// joinedReport is a report that another record counts from now on.
type joinedReport struct {
	At           time.Time
	Route, Agent int32
	Party        string
	Client       *string
	Scope        string
}

// takeOut takes reports out of the counts by minute and by client. Their hours are marked as dirty already.
func takeOut(ctx context.Context, tx pgx.Tx, service int32, joined []joinedReport) error {
	type place struct {
		hour  time.Time
		route int32
	}
	cells := map[place][][]byte{}
	clients := map[time.Time]*block.Clients{}
	for _, j := range joined {
		at := j.At.UTC()
		hour := at.Truncate(time.Hour)
		var p event.Party
		if p.UnmarshalText([]byte(j.Party)) != nil {
			p = event.PartyUnknown
		}
		c := block.Cell{Minute: at.Minute(), Agent: j.Agent}
		c.Reported[event.PartyIndex(p)] = -1
		k := place{hour, j.Route}
		cells[k] = append(cells[k], packCells([]block.Cell{c}))
		if j.Client == nil {
			continue
		}
		if clients[hour] == nil {
			clients[hour] = &block.Clients{}
		}
		clients[hour].Add(hour, &block.Client{Name: *j.Client, Scope: j.Scope, Clients: 1, Reported: -1, LastSeen: at})
	}
	var minutes []minuteBlock
	for k, b := range cells {
		merged, err := mergeCells(nil, b)
		if err != nil {
			return err
		}
		minutes = append(minutes, minuteBlock{k.hour, k.route, packCells(merged)})
	}
	if err := copyMinutes(ctx, tx, service, minutes); err != nil {
		return fmt.Errorf("take reports out of the counts: %w", err)
	}
	var packed []clientBlock
	for hour, w := range clients {
		packed = append(packed, clientBlock{hour: hour, parts: 1, clients: w.Bytes()})
	}
	if err := copyClients(ctx, tx, service, packed); err != nil {
		return fmt.Errorf("take reports out of the counts by client: %w", err)
	}
	return nil
}
