package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hangup/store/block"
)

// lockRewriting is the class of the advisory locks under which blocks of counts are taken out and written anew.
const lockRewriting = 0x68616e67 // "hang"

// lockRows lets one transaction at a time rewrite the counts of an hour of a service. A second one that waited for the rows
// would find them gone, and not see what is there in their place. Hours that share a lock only wait for each other.
func lockRows(ctx context.Context, tx pgx.Tx, h serviceHour) error {
	hour := int32(h.Hour.Unix()/3600) ^ h.Service<<20
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, $2)`, lockRewriting, hour); err != nil {
		return fmt.Errorf("lock the counts of service %d: %w", h.Service, err)
	}
	return nil
}

// MergeMinutes merges blocks that commits have appended to the hours of the last two hours, and to their clients, so that
// questions read few. Blocks that a commit adds meanwhile stay as they are. It returns how many blocks it merged into
// others.
func (s *Store) MergeMinutes(ctx context.Context, now time.Time) (n int64, err error) {
	var bad error
	for _, m := range []struct {
		table, list string
		merge       func(ctx context.Context, tx pgx.Tx, h serviceHour) (int64, error)
	}{
		{"minute_block", `SELECT service_id, hour FROM minute_block WHERE hour >= $1 AND hour <= $2 AND day >= $3
			GROUP BY service_id, hour HAVING count(*) > count(DISTINCT route_id) ORDER BY hour, service_id`, mergeHour},
		{"client_block", `SELECT service_id, hour FROM client_block WHERE hour >= $1 AND hour <= $2 AND day >= $3
			GROUP BY service_id, hour HAVING count(*) > max(parts) ORDER BY hour, service_id`, mergeClientsOfHour},
	} {
		from := now.Add(-2 * time.Hour)
		rows, err := s.pool.Query(ctx, m.list, from, now, dayOf(from))
		if err != nil {
			return n, fmt.Errorf("list hours to merge: %w", err)
		}
		hours, err := pgx.CollectRows(rows, pgx.RowToStructByPos[serviceHour])
		if err != nil {
			return n, fmt.Errorf("list hours to merge: %w", err)
		}
		for _, h := range hours {
			h.Hour = h.Hour.UTC()
			err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
				if err := lockRows(ctx, tx, h); err != nil {
					return err
				}
				k, err := m.merge(ctx, tx, h)
				n += k
				return err
			})
			if err != nil {
				bad = cmp.Or(bad, fmt.Errorf("merge %s of hour %s of service %d: %w", m.table, h.Hour.Format(time.RFC3339), h.Service, err))
				if !ofItself(ctx, err) {
					return n, bad
				}
			}
		}
	}
	return n, bad
}

// place is a row of blocks: where it is, and how long its block is.
type place struct {
	row  pgtype.TID
	size int64
}

// maxBlock and maxClientBlock bound what blocks are merged to, in bytes. Clients take seven times as much unpacked.
const (
	maxBlock       = 32 << 20
	maxClientBlock = 8 << 20
)

// worthMerging returns those of the rows of one key that are to become one: the largest that is not more than twice as
// large as all smaller ones together, and these. The rows left differ in length so much that they are few, and a byte is
// rewritten a few times, not once for each batch.
func worthMerging(rows []place, most int64) []place {
	slices.SortFunc(rows, func(a, b place) int { return cmp.Compare(a.size, b.size) })
	n, sum := 0, int64(0)
	for i, r := range rows {
		if i > 0 && r.size <= 2*sum && sum+r.size <= most {
			n = i + 1
		}
		sum += r.size
	}
	return rows[:n]
}

// mergeHour merges the blocks of each route in an hour.
func mergeHour(ctx context.Context, tx pgx.Tx, h serviceHour) (n int64, err error) {
	rows, err := tx.Query(ctx, `SELECT route_id, ctid, octet_length(cells) FROM minute_block WHERE service_id = $1 AND day = $2 AND hour = $3`,
		h.Service, dayOf(h.Hour), h.Hour)
	if err != nil {
		return 0, err
	}
	routes := map[int32][]place{}
	var (
		route int32
		p     place
	)
	if _, err := pgx.ForEachRow(rows, []any{&route, &p.row, &p.size}, func() error {
		routes[route] = append(routes[route], p)
		return nil
	}); err != nil {
		return 0, err
	}
	var chosen []pgtype.TID
	for _, places := range routes {
		for _, p := range worthMerging(places, maxBlock) {
			chosen = append(chosen, p.row)
		}
	}
	if len(chosen) == 0 {
		return 0, nil
	}
	// The day leaves one partition, in which the row's place names it.
	rows, err = tx.Query(ctx, `DELETE FROM minute_block WHERE service_id = $1 AND day = $2 AND hour = $3 AND ctid = ANY($4) RETURNING route_id, cells`,
		h.Service, dayOf(h.Hour), h.Hour, chosen)
	if err != nil {
		return 0, err
	}
	blocks, err := blocksByRoute(rows)
	if err != nil {
		return 0, err
	}
	var (
		merged []minuteBlock
		cells  []block.Cell
	)
	for _, route := range slices.Sorted(maps.Keys(blocks)) {
		if cells, err = mergeCells(cells[:0], blocks[route]); err != nil {
			return 0, fmt.Errorf("route %d: %w", route, err)
		}
		merged = append(merged, minuteBlock{h.Hour, route, packCells(cells)})
	}
	return int64(len(chosen) - len(merged)), copyMinutes(ctx, tx, h.Service, merged)
}

// mergeClientsOfHour merges the client blocks of an hour.
func mergeClientsOfHour(ctx context.Context, tx pgx.Tx, h serviceHour) (int64, error) {
	rows, err := tx.Query(ctx, `SELECT ctid, octet_length(clients) FROM client_block WHERE service_id = $1 AND day = $2 AND hour = $3`,
		h.Service, dayOf(h.Hour), h.Hour)
	if err != nil {
		return 0, err
	}
	places, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p place, err error) { return p, row.Scan(&p.row, &p.size) })
	if err != nil {
		return 0, err
	}
	var chosen []pgtype.TID
	size := int64(0)
	for _, p := range worthMerging(places, maxClientBlock) {
		chosen, size = append(chosen, p.row), size+p.size
	}
	if len(chosen) == 0 {
		return 0, nil
	}
	rows, err = tx.Query(ctx, `DELETE FROM client_block WHERE service_id = $1 AND day = $2 AND hour = $3 AND ctid = ANY($4) RETURNING clients`,
		h.Service, dayOf(h.Hour), h.Hour, chosen)
	if err != nil {
		return 0, err
	}
	merged, err := mergeClients(rows, h.Hour, size)
	if err != nil {
		return 0, err
	}
	return int64(len(chosen) - 1), copyClients(ctx, tx, h.Service, splitClients(h.Hour, inOrder(merged), 1))
}

// How many clients an hour that is over keeps: those that hung up most, and of the others those that asked most. An
// attacker chooses how many clients there are.
const (
	keepHangups  = 10_000
	keepRequests = 1_000
)

// OtherClients is the name under which the clients are counted that an hour does not keep one by one.
const OtherClients = "(other)"

// clientsAtOnce bounds how much of packed clients is unpacked at one time, in bytes: they take several times as much then.
var clientsAtOnce int64 = 8 << 20

// foldClients merges the clients of an hour that is over; those over the limits become OtherClients. Very many clients are
// dealt into parts first, and merged one part after the other: of each no more is kept than of all.
func foldClients(ctx context.Context, tx pgx.Tx, service int32, hour time.Time) error {
	var size int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(sum(octet_length(clients)), 0) FROM client_block WHERE service_id = $1 AND day = $2 AND hour = $3`,
		service, dayOf(hour), hour).Scan(&size); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `DELETE FROM client_block WHERE service_id = $1 AND day = $2 AND hour = $3 RETURNING clients`, service, dayOf(hour), hour)
	if err != nil {
		return err
	}
	var list []*block.Client
	if size <= clientsAtOnce {
		if list, err = mergeClients(rows, hour, size); err != nil {
			return err
		}
		list = cutClients(list)
	} else {
		dealt, err := dealClients(rows, hour, int(size/clientsAtOnce)+1)
		if err != nil {
			return err
		}
		for i := range dealt {
			var sum clientSum
			if err := sum.add(hour, dealt[i].Bytes()); err != nil {
				return err
			}
			dealt[i] = block.Clients{}
			list = cutClients(append(list, sum.clients()...))
			for k, c := range list { // of the part nothing else is to stay
				kept := *c
				list[k] = &kept
			}
		}
	}
	parts := 1
	if len(list) > manyClients {
		parts = clientParts
	}
	return copyClients(ctx, tx, service, splitClients(hour, list, parts))
}

// dealClients packs the clients of blocks of an hour, which rows have, into parts by their names.
func dealClients(rows pgx.Rows, hour time.Time, parts int) ([]block.Clients, error) {
	dealt := make([]block.Clients, parts)
	var b []byte
	_, err := pgx.ForEachRow(rows, []any{(*pgtype.DriverBytes)(&b)}, func() error {
		r := block.ReadClients(hour, b)
		for r.Next() {
			c := r.Client
			c.Name, c.Scope = string(r.Name), r.Scope
			dealt[partOf(c.Name, parts)].Add(hour, &c)
		}
		return r.Err()
	})
	return dealt, err
}

// mergeClients adds up the clients of blocks of an hour, which rows have, of about so many bytes together.
func mergeClients(rows pgx.Rows, hour time.Time, size int64) ([]*block.Client, error) {
	var b []byte
	n := size / 24 // bytes of a client
	sum := clientSum{list: make([]block.Client, 0, n), numbers: make(map[string]int32, n)}
	_, err := pgx.ForEachRow(rows, []any{(*pgtype.DriverBytes)(&b)}, func() error { return sum.add(hour, b) })
	if err != nil {
		return nil, err
	}
	return sum.clients(), nil
}

// clientSum adds clients up by their names. The zero value is empty.
type clientSum struct {
	list    []block.Client
	numbers map[string]int32
}

// add adds the clients of a block.
func (s *clientSum) add(hour time.Time, b []byte) error {
	if s.numbers == nil {
		s.numbers = map[string]int32{}
	}
	r := block.ReadClients(hour, b)
	for r.Next() {
		at, ok := s.numbers[string(r.Name)]
		if !ok {
			c := r.Client
			c.Name, c.Scope = string(r.Name), r.Scope
			s.numbers[c.Name] = int32(len(s.list))
			s.list = append(s.list, c)
			continue
		}
		addClient(&s.list[at], &r.Client)
	}
	return r.Err()
}

// clients returns the clients, which stay parts of the sum.
func (s *clientSum) clients() []*block.Client {
	out := make([]*block.Client, len(s.list))
	for i := range s.list {
		out[i] = &s.list[i]
	}
	return out
}

// inOrder sorts clients: those that hung up most come first, of the others those that asked most.
func inOrder(list []*block.Client) []*block.Client {
	slices.SortFunc(list, func(a, b *block.Client) int {
		return cmp.Or(cmp.Compare(b.Dropped+b.Reported, a.Dropped+a.Reported), cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// addClient adds the counts of r to c.
func addClient(c, r *block.Client) {
	if c.Name == OtherClients { // else both are of one client
		c.Clients += r.Clients
	}
	c.Requests += r.Requests
	c.Dropped += r.Dropped
	c.Reported += r.Reported
	c.Idle += r.Idle
	if r.LastSeen.After(c.LastSeen) {
		c.LastSeen = r.LastSeen
	}
}

// An hour with more than manyClients keeps its clients in clientParts parts, so that a question for some reads few.
const (
	manyClients = 1000
	clientParts = 64
)

// partOf returns the part, of so many, that a client is in: its 32-bit FNV-1a hash.
func partOf(client string, parts int) int {
	h := uint32(2166136261)
	for i := range len(client) {
		h = (h ^ uint32(client[i])) * 16777619
	}
	return int(h % uint32(parts))
}

// splitClients packs the clients of an hour, in parts.
func splitClients(hour time.Time, list []*block.Client, parts int) []clientBlock {
	packed := make([]block.Clients, parts)
	for _, c := range list {
		part := 0
		if parts > 1 {
			part = partOf(c.Name, parts)
		}
		packed[part].Add(hour, c)
	}
	var out []clientBlock
	for i := range packed {
		if b := packed[i].Bytes(); len(b) > 0 {
			out = append(out, clientBlock{hour, parts, i, b})
		}
	}
	return out
}

// cutClients keeps the first keepHangups clients with hang-ups and the first keepRequests without, in order, and adds the
// others up.
func cutClients(list []*block.Client) []*block.Client {
	var hung, quiet, rest []*block.Client
	for _, c := range list {
		switch {
		case c.Name == OtherClients:
			rest = append(rest, c)
		case c.Dropped+c.Reported > 0:
			hung = append(hung, c)
		default:
			quiet = append(quiet, c)
		}
	}
	hung, more := first(hung, keepHangups, func(c *block.Client) int64 { return c.Dropped + c.Reported })
	quiet, most := first(quiet, keepRequests, func(c *block.Client) int64 { return c.Requests })
	kept := append(inOrder(hung), inOrder(quiet)...)
	var other *block.Client
	for _, list := range [][]*block.Client{rest, more, most} {
		for _, c := range list {
			if other == nil {
				o := *c
				o.Name, o.Scope = OtherClients, ""
				other = &o
				continue
			}
			addClient(other, c)
		}
	}
	if other != nil {
		kept = append(kept, other)
	}
	return kept
}

// first splits off the n clients that come first in order, of which by is what counts most. Of very many clients it sorts
// few.
func first(list []*block.Client, n int, by func(c *block.Client) int64) (firsts, rest []*block.Client) {
	if len(list) <= n {
		return list, nil
	}
	counts := make([]int64, len(list))
	for i, c := range list {
		counts[i] = by(c)
	}
	slices.Sort(counts)
	limit := counts[len(counts)-n]
	var edge []*block.Client
	for _, c := range list {
		switch v := by(c); {
		case v > limit:
			firsts = append(firsts, c)
		case v == limit:
			edge = append(edge, c)
		default:
			rest = append(rest, c)
		}
	}
	more := n - len(firsts)
	edge = inOrder(edge)
	return append(firsts, edge[:more]...), append(rest, edge[more:]...)
}
