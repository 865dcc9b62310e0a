-- +goose Up

-- Rules that hold for every table (they let the same schema be distributed by service later):
-- service_id comes first in every primary key, unique index and foreign key; time-ordered data is partitioned by
-- day and expires by dropping partitions; no triggers.
-- Days within 400 days of today get a partition of their own when they are first written; others, which only the
-- import of an old log or a broken clock makes, share the default one and are deleted in batches.

-- The recovery from a crash empties an unlogged table: see store.Epoch. It has one row at most.
CREATE UNLOGGED TABLE epoch (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    token uuid    NOT NULL
);

CREATE TABLE service (
    service_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE
);

-- What is read: one row per configured path or pattern.
CREATE TABLE source (
    service_id integer     NOT NULL REFERENCES service,
    source_id  bigint      GENERATED ALWAYS AS IDENTITY,
    path       text        NOT NULL,
    format     text        NOT NULL DEFAULT '',
    layout     text        NOT NULL DEFAULT '',
    confidence real        NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, source_id),
    UNIQUE (service_id, path)
);

-- One life of one file's content, and how far it is committed. A batch moves off by compare-and-set.
CREATE TABLE generation (
    service_id     integer     NOT NULL,
    generation_id  bigint      GENERATED ALWAYS AS IDENTITY,
    source_id      bigint      NOT NULL,
    path           text        NOT NULL,
    dev            bigint      NOT NULL,
    ino            bigint      NOT NULL,
    head_len       integer     NOT NULL DEFAULT 0,
    head_sha256    bytea       NOT NULL DEFAULT '',
    mark_len       integer     NOT NULL DEFAULT 0,
    mark_sha256    bytea       NOT NULL DEFAULT '',
    off            bigint      NOT NULL DEFAULT 0,
    lines          bigint      NOT NULL DEFAULT 0,
    size_seen      bigint      NOT NULL DEFAULT 0,
    state          text        NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'draining', 'done', 'truncated', 'lost')),
    bytes_parsed   bigint      NOT NULL DEFAULT 0,
    bytes_skipped  bigint      NOT NULL DEFAULT 0,
    bytes_unparsed bigint      NOT NULL DEFAULT 0,
    bytes_oversize bigint      NOT NULL DEFAULT 0,
    bytes_lost     bigint      NOT NULL DEFAULT 0,
    requests       bigint      NOT NULL DEFAULT 0,
    disconnects    bigint      NOT NULL DEFAULT 0,
    others         bigint      NOT NULL DEFAULT 0,
    unparsed       bigint      NOT NULL DEFAULT 0,
    skipped        bigint      NOT NULL DEFAULT 0,
    first_seen_at  timestamptz NOT NULL DEFAULT now(),
    committed_at   timestamptz,
    last_event_at  timestamptz,
    PRIMARY KEY (service_id, generation_id),
    FOREIGN KEY (service_id, source_id) REFERENCES source,
    CONSTRAINT every_byte_is_accounted_for CHECK (off = bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize)
);
CREATE INDEX generation_source ON generation (service_id, source_id, generation_id);
CREATE INDEX generation_inode ON generation (service_id, dev, ino);
CREATE INDEX generation_head ON generation (service_id, source_id, head_sha256);
CREATE INDEX generation_short_head ON generation (service_id, source_id, generation_id) WHERE head_len < 1024;
CREATE INDEX generation_open ON generation (service_id, source_id, generation_id) WHERE state NOT IN ('done', 'lost');

-- Compressed files that need not be looked at again while they have this size and time (Unix nanoseconds).
CREATE TABLE archive (
    service_id integer     NOT NULL,
    source_id  bigint      NOT NULL,
    dev        bigint      NOT NULL,
    ino        bigint      NOT NULL,
    size       bigint      NOT NULL,
    modified   bigint      NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, source_id, dev, ino),
    FOREIGN KEY (service_id, source_id) REFERENCES source
);

CREATE TABLE route (
    service_id integer NOT NULL REFERENCES service,
    route_id   integer GENERATED ALWAYS AS IDENTITY,
    method     text    NOT NULL,
    template   text    NOT NULL,
    PRIMARY KEY (service_id, route_id),
    UNIQUE (service_id, method, template)
);

CREATE TABLE agent (
    service_id integer NOT NULL REFERENCES service,
    agent_id   integer GENERATED ALWAYS AS IDENTITY,
    family     text    NOT NULL,
    class      text    NOT NULL,
    PRIMARY KEY (service_id, agent_id),
    UNIQUE (service_id, family, class)
);

-- One row per disconnect record. exchange: an access log's own account of a dropped exchange; else a report by an
-- error log or application. joined_*: a report of a hang-up that another row counts already. outcome: what the client did
-- next: asked the same route again within 10 s, asked anything within 30 min, or nothing; NULL while that is not known.
CREATE TABLE disconnect (
    service_id           integer     NOT NULL,
    day                  date        NOT NULL,
    generation_id        bigint      NOT NULL,
    off                  bigint      NOT NULL,
    off_end              bigint      NOT NULL,
    line                 bigint      NOT NULL,
    lines                integer     NOT NULL,
    source_id            bigint      NOT NULL,
    at                   timestamptz NOT NULL,
    time_assumed         boolean     NOT NULL,
    zone_assumed         boolean     NOT NULL,
    recovered            boolean     NOT NULL,
    exchange             boolean     NOT NULL,
    party                text        NOT NULL,
    how                  text        NOT NULL,
    phase                text        NOT NULL,
    route_id             integer     NOT NULL,
    agent_id             integer     NOT NULL,
    client               text,
    client_port          integer,
    client_scope         text        NOT NULL,
    method               text,
    path                 text,
    query                text,
    protocol             text,
    host                 text,
    status               integer,
    bytes                bigint,
    duration_us          bigint,
    upstream             text,
    upstream_duration_us bigint,
    upstream_status      integer,
    user_agent           text,
    referer              text,
    request_id           text,
    logger               text,
    level                text,
    pid                  integer,
    message              text,
    raw                  text        NOT NULL,
    written_at           timestamptz NOT NULL DEFAULT now(),
    joined_generation_id bigint,
    joined_off           bigint,
    outcome              text CHECK (outcome IN ('retried', 'stayed', 'lost')),
    PRIMARY KEY (service_id, day, generation_id, off)
) PARTITION BY RANGE (day);
CREATE TABLE disconnect_default PARTITION OF disconnect DEFAULT;
CREATE INDEX disconnect_at ON disconnect (service_id, at);
CREATE INDEX disconnect_route ON disconnect (service_id, route_id, at);
CREATE INDEX disconnect_client ON disconnect (service_id, client, at);
CREATE INDEX disconnect_joined ON disconnect (service_id, joined_generation_id, joined_off) WHERE joined_generation_id IS NOT NULL;
-- Reports that are not joined yet, the newest first.
CREATE INDEX disconnect_report ON disconnect (service_id, written_at)
    WHERE NOT exchange AND joined_generation_id IS NULL AND phase <> 'idle';

-- Counts per minute, route and agent class are packed into blocks (package store/block): a row holds what one batch says of
-- a route in an hour. Rows are appended, questions add them up, jobs merge them: an hour that is over has one for each route.
CREATE TABLE minute_block (
    service_id integer     NOT NULL,
    day        date        NOT NULL,
    hour       timestamptz NOT NULL,
    route_id   integer     NOT NULL,
    cells      bytea       NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE minute_block_default PARTITION OF minute_block DEFAULT;
CREATE INDEX minute_block_hour ON minute_block (service_id, hour, route_id);

-- The same by hour and by day, one block for each route; a job replaces whole buckets.
CREATE TABLE hour_block (
    service_id integer     NOT NULL,
    bucket     timestamptz NOT NULL,
    route_id   integer     NOT NULL,
    cells      bytea       NOT NULL,
    PRIMARY KEY (service_id, bucket, route_id)
);
CREATE TABLE day_block (LIKE hour_block INCLUDING ALL);

-- Which hours and days hold what the minutes say. An hour that is not here, or is dirty, is asked by minute.
CREATE TABLE folded (
    service_id integer     NOT NULL,
    grain      text        NOT NULL CHECK (grain IN ('hour', 'day')),
    bucket     timestamptz NOT NULL,
    PRIMARY KEY (service_id, grain, bucket)
);
-- Written in the transaction that adds rows to an hour; one row per generation, so that two never wait for each other.
CREATE TABLE dirty_hour (
    service_id    integer     NOT NULL,
    hour          timestamptz NOT NULL,
    generation_id bigint      NOT NULL,
    PRIMARY KEY (service_id, hour, generation_id)
);

-- Counts by client and hour, packed likewise: a row holds the clients of one batch. A job merges them; of an hour that is
-- over it keeps the clients that hung up most and asked most, and adds the rest up as '(other)'. Such an hour with many
-- clients is in several parts: a client's is the hash of its name (32-bit FNV-1a) modulo parts.
CREATE TABLE client_block (
    service_id integer     NOT NULL,
    day        date        NOT NULL,
    hour       timestamptz NOT NULL,
    parts      smallint    NOT NULL,
    part       smallint    NOT NULL,
    clients    bytea       NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE client_block_default PARTITION OF client_block DEFAULT;
CREATE INDEX client_block_hour ON client_block (service_id, hour);

-- When each day was written to last: a day expires so long after that, so that old logs can be imported.
CREATE TABLE day_written (
    service_id      integer     NOT NULL,
    day             date        NOT NULL,
    written_at      timestamptz NOT NULL,
    minutes_expired boolean     NOT NULL DEFAULT false, -- the hours are all that is left of the day's minutes
    PRIMARY KEY (service_id, day)
);

-- Signs of life of clients that hung up: the hang-up, and requests in the 30 minutes after. Sessions are made of them.
CREATE TABLE session_activity (
    service_id    integer     NOT NULL,
    generation_id bigint      NOT NULL,
    off           bigint      NOT NULL,
    at            timestamptz NOT NULL,
    client        text        NOT NULL,
    agent_hash    bigint      NOT NULL,
    route_id      integer     NOT NULL,
    is_drop       boolean     NOT NULL,
    written_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, generation_id, off)
);
CREATE INDEX session_activity_client ON session_activity (service_id, client, agent_hash, at);
CREATE INDEX session_activity_written ON session_activity (service_id, written_at);

-- Those that commits have appended and the job has not taken over yet: a row holds a batch's.
CREATE TABLE activity_block (
    service_id    integer       NOT NULL,
    generation_id bigint        NOT NULL,
    written_at    timestamptz   NOT NULL,
    off           bigint[]      NOT NULL,
    at            timestamptz[] NOT NULL,
    client        text[]        NOT NULL,
    agent_hash    bigint[]      NOT NULL,
    route_id      integer[]     NOT NULL,
    is_drop       boolean[]     NOT NULL
);
CREATE INDEX activity_block_service ON activity_block (service_id);
ALTER TABLE activity_block ALTER off SET STORAGE EXTERNAL, ALTER at SET STORAGE EXTERNAL, ALTER client SET STORAGE EXTERNAL,
    ALTER agent_hash SET STORAGE EXTERNAL, ALTER route_id SET STORAGE EXTERNAL, ALTER is_drop SET STORAGE EXTERNAL; -- they do not live long
CREATE VIEW activity AS
    SELECT service_id, generation_id, off, at, client, agent_hash, route_id, is_drop, written_at FROM session_activity
    UNION ALL
    SELECT b.service_id, b.generation_id, a.off, a.at, a.client, a.agent_hash, a.route_id, a.is_drop, b.written_at
    FROM activity_block b, unnest(b.off, b.at, b.client, b.agent_hash, b.route_id, b.is_drop) a(off, at, client, agent_hash, route_id, is_drop);

-- Client sessions: what a client with hang-ups did, by gaps of 30 minutes. They expire.
CREATE TABLE session (
    service_id   integer     NOT NULL,
    client       text        NOT NULL,
    agent_hash   bigint      NOT NULL,
    started_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    disconnects  integer     NOT NULL,
    retried      integer     NOT NULL,
    stayed       integer     NOT NULL,
    lost         integer     NOT NULL,
    undecided    integer     NOT NULL,
    closed       boolean     NOT NULL DEFAULT false, -- its activity is gone and it changes no more
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (service_id, client, agent_hash, started_at),
    CHECK (disconnects = retried + stayed + lost + undecided)
);
CREATE INDEX session_expires ON session (service_id, expires_at);
CREATE INDEX session_started ON session (service_id, started_at);

CREATE TABLE unparsed_sample (
    service_id    integer     NOT NULL,
    source_id     bigint      NOT NULL,
    generation_id bigint      NOT NULL,
    off           bigint      NOT NULL,
    line          bigint      NOT NULL,
    reason        text        NOT NULL,
    text          text        NOT NULL,
    seen_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, source_id, generation_id, off)
);

-- Records whose values the database refused, with its words.
CREATE TABLE quarantine (
    service_id    integer     NOT NULL,
    generation_id bigint      NOT NULL,
    off           bigint      NOT NULL,
    off_end       bigint      NOT NULL,
    line          bigint      NOT NULL,
    reason        text        NOT NULL,
    text          text        NOT NULL,
    seen_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, generation_id, off)
);

CREATE TABLE job_run (
    job_run_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job         text        NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    rows        bigint,
    error       text
);
CREATE INDEX job_run_job ON job_run (job, started_at DESC);

-- What blocks hold, for people with psql and for tests: hangup itself reads blocks with package store/block.
-- +goose StatementBegin
CREATE FUNCTION cells_of(block bytea) RETURNS TABLE (minute integer, agent_id integer, requests bigint, bytes bigint,
    dropped_client bigint, dropped_upstream bigint, dropped_server bigint, dropped_unknown bigint,
    reported_client bigint, reported_upstream bigint, reported_server bigint, reported_unknown bigint, idle bigint, done bytea, "drop" bytea)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 200 AS $$
DECLARE
    b     bytea := block || ''::bytea; -- not compressed and in one piece
    n     integer := length(b);
    at    integer := 1;
    mask  bigint;
    value bigint[];
    v     bigint;
    shift integer;
    byte  integer;
BEGIN
    minute := 0;
    WHILE at < n LOOP
        value := array_fill(0::bigint, ARRAY[16]);
        done := NULL;
        "drop" := NULL;
        mask := 0;
        FOR field IN 1 .. 16 LOOP -- minutes later, agent, mask; then requests, bytes, done, drop, dropped, reported, idle, if the mask has them
            CONTINUE WHEN field > 3 AND mask >> (field - 4) & 1 = 0;
            v := 0;
            shift := 0;
            LOOP
                byte := get_byte(b, at);
                at := at + 1;
                v := v | ((byte & 127)::bigint << shift);
                EXIT WHEN byte < 128;
                shift := shift + 7;
            END LOOP;
            CASE
                WHEN field = 1 THEN minute := minute + v;
                WHEN field = 2 THEN agent_id := v;
                WHEN field = 3 THEN mask := v;
                WHEN field = 6 THEN done := substring(b FROM at + 1 FOR v::integer); at := at + v;
                WHEN field = 7 THEN "drop" := substring(b FROM at + 1 FOR v::integer); at := at + v;
                ELSE value[field] := (v >> 1 & 9223372036854775807) # -(v & 1);
            END CASE;
        END LOOP;
        requests := value[4]; bytes := value[5];
        dropped_client := value[8]; dropped_upstream := value[9]; dropped_server := value[10]; dropped_unknown := value[11];
        reported_client := value[12]; reported_upstream := value[13]; reported_server := value[14]; reported_unknown := value[15];
        idle := value[16];
        RETURN NEXT;
    END LOOP;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION clients_of(from_hour timestamptz, block bytea) RETURNS TABLE (client text, client_scope text, clients bigint,
    requests bigint, dropped bigint, reported bigint, idle bigint, last_seen_at timestamptz)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 200 AS $$
DECLARE
    b     bytea := block || ''::bytea;
    n     integer := length(b);
    at    integer := 1;
    scope bigint;
    mask  bigint;
    value bigint[];
    v     bigint;
    shift integer;
    byte  integer;
BEGIN
    WHILE at < n LOOP
        value := array_fill(0::bigint, ARRAY[10]);
        mask := 0;
        FOR field IN 1 .. 10 LOOP -- name, scope, its text if it is a rare one, last seen, mask; then the counts that the mask has
            CONTINUE WHEN field = 3 AND scope < 4 OR field > 5 AND mask >> (field - 6) & 1 = 0;
            v := 0;
            shift := 0;
            LOOP
                byte := get_byte(b, at);
                at := at + 1;
                v := v | ((byte & 127)::bigint << shift);
                EXIT WHEN byte < 128;
                shift := shift + 7;
            END LOOP;
            CASE
                WHEN field = 1 THEN client := convert_from(substring(b FROM at + 1 FOR v::integer), 'UTF8'); at := at + v;
                WHEN field = 2 THEN scope := v; client_scope := (ARRAY['', 'loopback', 'private', 'public'])[v + 1];
                WHEN field = 3 THEN client_scope := convert_from(substring(b FROM at + 1 FOR v::integer), 'UTF8'); at := at + v;
                WHEN field = 5 THEN mask := v;
                ELSE value[field] := (v >> 1 & 9223372036854775807) # -(v & 1);
            END CASE;
        END LOOP;
        last_seen_at := from_hour + value[4] * interval '1 microsecond';
        clients := value[6] + 1; requests := value[7]; dropped := value[8]; reported := value[9]; idle := value[10];
        RETURN NEXT;
    END LOOP;
END
$$;
-- +goose StatementEnd
CREATE VIEW tally AS SELECT b.service_id, b.day, b.hour + c.minute * interval '1 minute' AS minute, b.route_id, c.agent_id, c.requests, c.bytes,
    c.dropped_client, c.dropped_upstream, c.dropped_server, c.dropped_unknown,
    c.reported_client, c.reported_upstream, c.reported_server, c.reported_unknown, c.idle, c.done, c."drop"
    FROM minute_block b, cells_of(b.cells) c;
CREATE VIEW tally_hour AS SELECT b.service_id, b.bucket, b.route_id, c.agent_id, c.requests, c.bytes,
    c.dropped_client, c.dropped_upstream, c.dropped_server, c.dropped_unknown,
    c.reported_client, c.reported_upstream, c.reported_server, c.reported_unknown, c.idle, c.done, c."drop"
    FROM hour_block b, cells_of(b.cells) c;
CREATE VIEW tally_day AS SELECT b.service_id, b.bucket, b.route_id, c.agent_id, c.requests, c.bytes,
    c.dropped_client, c.dropped_upstream, c.dropped_server, c.dropped_unknown,
    c.reported_client, c.reported_upstream, c.reported_server, c.reported_unknown, c.idle, c.done, c."drop"
    FROM day_block b, cells_of(b.cells) c;
CREATE VIEW client_tally AS SELECT b.service_id, b.day, b.hour, c.client, c.client_scope, c.clients, c.requests, c.dropped, c.reported,
    c.idle, c.last_seen_at
    FROM client_block b, clients_of(b.hour, b.clients) c;
