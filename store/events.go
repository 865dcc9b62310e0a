package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// EventKey is a disconnect's natural key.
type EventKey struct {
	Service    int32
	Day        time.Time // midnight UTC
	Generation int64
	Off        int64
}

// EventQuery asks for a page of disconnects, the newest first.
type EventQuery struct {
	Range
	Filter Filter
	Idle   bool // with closes between requests
	Joined bool // with reports of hang-ups that another row counts
	Limit  int
	After  *EventPlace // the last disconnect of the page before; nil for the first page
}

// EventPlace is a disconnect's place in the order.
type EventPlace struct {
	At         time.Time
	Generation int64
	Off        int64
}

// Event is a stored disconnect. What its record does not give is nil.
type Event struct {
	EventKey
	ServiceName  string
	At           time.Time
	TimeAssumed  bool
	Recovered    bool // client, route or duration come from an earlier record of the same process, connection or request
	Exchange     bool
	Party        string
	How          string
	Phase        string
	RouteID      int32
	RouteMethod  string
	Template     string
	AgentFamily  string
	Client       *string
	ClientPort   *int32
	ClientScope  string
	Method       *string
	Path         *string
	Query        *string
	Protocol     *string
	Host         *string
	Status       *int32
	Bytes        *int64
	DurationUS   *int64
	Upstream     *string
	UpstreamUS   *int64
	UpstreamCode *int32
	UserAgent    *string
	Referer      *string
	RequestID    *string
	Logger       *string
	Level        *string
	PID          *int32
	Message      *string
	JoinedTo     *EventPlace // the row that counts this hang-up; its At is not set
}

// EventDetail is a disconnect with where it came from.
type EventDetail struct {
	Event
	Raw     string
	Source  string // the path or pattern as it was configured
	Path    string // of the file, where it was seen last
	Line    int64
	Lines   int32
	OffEnd  int64
	Related []Event // other records about the same hang-up, in the order of their time
}

const eventColumns = `t.service_id, t.day, t.generation_id, t.off, s.name, t.at, t.time_assumed, t.recovered, t.exchange, t.party, t.how, t.phase,
	t.route_id, r.method, r.template, g.family, t.client, t.client_port, t.client_scope, t.method, t.path, t.query, t.protocol,
	t.host, t.status, t.bytes, t.duration_us, t.upstream, t.upstream_duration_us, t.upstream_status, t.user_agent, t.referer,
	t.request_id, t.logger, t.level, t.pid, t.message, t.joined_generation_id, t.joined_off`

// eventJoins belong to eventColumns; they are made after the rows were chosen.
const eventJoins = `JOIN service s ON s.service_id = t.service_id
	JOIN route r ON r.service_id = t.service_id AND r.route_id = t.route_id
	JOIN agent g ON g.service_id = t.service_id AND g.agent_id = t.agent_id`

func (e *Event) places(generation, off **int64) []any {
	return []any{
		&e.Service, &e.Day, &e.Generation, &e.Off, &e.ServiceName, &e.At, &e.TimeAssumed, &e.Recovered, &e.Exchange, &e.Party, &e.How, &e.Phase,
		&e.RouteID, &e.RouteMethod, &e.Template, &e.AgentFamily, &e.Client, &e.ClientPort, &e.ClientScope, &e.Method, &e.Path,
		&e.Query, &e.Protocol, &e.Host, &e.Status, &e.Bytes, &e.DurationUS, &e.Upstream, &e.UpstreamUS, &e.UpstreamCode,
		&e.UserAgent, &e.Referer, &e.RequestID, &e.Logger, &e.Level, &e.PID, &e.Message, generation, off,
	}
}

func (e *Event) scan(row pgx.Row, more ...any) error {
	var generation, off *int64
	if err := row.Scan(append(e.places(&generation, &off), more...)...); err != nil {
		return err
	}
	e.At = e.At.UTC()
	if generation != nil && off != nil {
		e.JoinedTo = &EventPlace{Generation: *generation, Off: *off}
	}
	return nil
}

func scanEvent(row pgx.CollectableRow) (e Event, err error) {
	err = e.scan(row)
	return e, err
}

// Events returns a page of disconnects in falling order of time, generation and offset.
func (s *Store) Events(ctx context.Context, q EventQuery) ([]Event, error) {
	var out []Event
	err := s.ask(ctx, "events", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, q.Filter)
		if err != nil {
			return err
		}
		a := &args{}
		// Each service by itself, because then an index gives its rows in the order that is asked for.
		services := a.add(n.ids())
		where := "t.service_id = s.id AND " + during(a, q.Range) + q.Filter.onDisconnect(a)
		if !q.Idle {
			where += " AND t.phase <> 'idle'"
		}
		if !q.Joined {
			where += " AND t.joined_generation_id IS NULL"
		}
		if p := q.After; p != nil {
			// The first condition says nothing new, but the index and the partitions understand it.
			where += fmt.Sprintf(" AND t.at <= %[1]s AND t.day <= %[2]s AND (t.at, t.generation_id, t.off) < (%[1]s, %[3]s, %[4]s)",
				a.add(p.At), a.add(p.At), a.add(p.Generation), a.add(p.Off))
		}
		const order = " ORDER BY t.at DESC, t.generation_id DESC, t.off DESC"
		rows, err := tx.Query(ctx, fmt.Sprintf(`
			WITH page AS (
				SELECT t.* FROM unnest(%[1]s::integer[]) s(id)
				CROSS JOIN LATERAL (SELECT t.* FROM disconnect t WHERE %[2]s%[3]s LIMIT %[4]s) t%[3]s LIMIT %[4]s
			)
			SELECT %[5]s FROM page t %[6]s%[3]s`, services, where, order, a.add(q.Limit), eventColumns, eventJoins), a.list...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanEvent)
		return err
	})
	return out, err
}

// Event returns one disconnect. Its error is ErrNotFound when there is none with this key.
func (s *Store) Event(ctx context.Context, k EventKey) (EventDetail, error) {
	var out EventDetail
	err := s.ask(ctx, "an event", func(tx pgx.Tx) error {
		row := tx.QueryRow(ctx, `SELECT `+eventColumns+`, raw_of(t), c.path, f.path, t.line, t.lines, t.off_end FROM disconnect t `+eventJoins+`
			JOIN source c ON c.service_id = t.service_id AND c.source_id = t.source_id
			JOIN generation f ON f.service_id = t.service_id AND f.generation_id = t.generation_id
			WHERE t.service_id = $1 AND t.day = $2 AND t.generation_id = $3 AND t.off = $4`, k.Service, k.Day, k.Generation, k.Off)
		err := out.scan(row, &out.Raw, &out.Source, &out.Path, &out.Line, &out.Lines, &out.OffEnd)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		out.Related, err = related(ctx, tx, &out.Event)
		return err
	})
	return out, err
}

// relatedWithin is how far from a record the others about the same hang-up are looked for.
const relatedWithin = time.Hour

// related returns the other records about e's hang-up: the one that counts it, and those joined to that one.
func related(ctx context.Context, tx pgx.Tx, e *Event) ([]Event, error) {
	head := EventPlace{Generation: e.Generation, Off: e.Off}
	if e.JoinedTo != nil {
		head = *e.JoinedTo
	}
	from, to := e.At.Add(-relatedWithin), e.At.Add(relatedWithin)
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM disconnect t `+eventJoins+`
		WHERE t.service_id = $1 AND t.at >= $2 AND t.at <= $3 AND t.day >= $4 AND t.day <= $5
		  AND ((t.generation_id = $6 AND t.off = $7) OR (t.joined_generation_id = $6 AND t.joined_off = $7))
		  AND NOT (t.generation_id = $8 AND t.off = $9)
		ORDER BY t.at, t.generation_id, t.off LIMIT 100`,
		e.Service, from, to, from, to, head.Generation, head.Off, e.Generation, e.Off)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanEvent)
}
