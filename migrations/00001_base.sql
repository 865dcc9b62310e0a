-- +goose Up

-- Rules that hold for every table (they let the same schema be distributed by service later):
-- service_id comes first in every primary key, unique index and foreign key; time-ordered data is partitioned by
-- day and expires by dropping partitions; no triggers.
-- Days within 400 days of today get a partition of their own when they are first written; others, which only the
-- import of an old log or a broken clock makes, share the default one and are deleted in batches.

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

-- Counts per minute, route and agent class: rows are appended, questions add them up, a job merges them.
-- done and drop: ages of completed and dropped exchanges (see event.Histogram).
CREATE TABLE tally (
    service_id         integer     NOT NULL,
    day                date        NOT NULL,
    minute             timestamptz NOT NULL,
    route_id           integer     NOT NULL,
    agent_id           integer     NOT NULL,
    requests           bigint      NOT NULL,
    bytes              bigint      NOT NULL,
    dropped_client     bigint      NOT NULL,
    dropped_upstream   bigint      NOT NULL,
    dropped_server     bigint      NOT NULL,
    dropped_unknown    bigint      NOT NULL,
    reported_client    bigint      NOT NULL,
    reported_upstream  bigint      NOT NULL,
    reported_server    bigint      NOT NULL,
    reported_unknown   bigint      NOT NULL,
    idle               bigint      NOT NULL,
    done               bytea,
    "drop"             bytea
) PARTITION BY RANGE (day);
CREATE TABLE tally_default PARTITION OF tally DEFAULT;
CREATE INDEX tally_minute ON tally (service_id, minute);
CREATE INDEX tally_route ON tally (service_id, route_id, minute);

-- The same by hour and by day, one row per key; a job replaces whole buckets.
CREATE TABLE tally_hour (
    service_id         integer     NOT NULL,
    bucket             timestamptz NOT NULL,
    route_id           integer     NOT NULL,
    agent_id           integer     NOT NULL,
    requests           bigint      NOT NULL,
    bytes              bigint      NOT NULL,
    dropped_client     bigint      NOT NULL,
    dropped_upstream   bigint      NOT NULL,
    dropped_server     bigint      NOT NULL,
    dropped_unknown    bigint      NOT NULL,
    reported_client    bigint      NOT NULL,
    reported_upstream  bigint      NOT NULL,
    reported_server    bigint      NOT NULL,
    reported_unknown   bigint      NOT NULL,
    idle               bigint      NOT NULL,
    done               bytea,
    "drop"             bytea,
    PRIMARY KEY (service_id, bucket, route_id, agent_id)
);
CREATE INDEX tally_hour_route ON tally_hour (service_id, route_id, bucket);
CREATE TABLE tally_day (LIKE tally_hour INCLUDING ALL);

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

-- Counts by client and hour: rows are appended and a job merges them; of an hour that is over it keeps the clients that
-- hung up most and asked most, and adds the rest up as '(other)'.
CREATE TABLE client_tally (
    service_id   integer     NOT NULL,
    day          date        NOT NULL,
    hour         timestamptz NOT NULL,
    client       text        NOT NULL,
    client_scope text        NOT NULL,
    clients      bigint      NOT NULL DEFAULT 1,
    requests     bigint      NOT NULL,
    dropped      bigint      NOT NULL,
    reported     bigint      NOT NULL,
    idle         bigint      NOT NULL,
    last_seen_at timestamptz NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE client_tally_default PARTITION OF client_tally DEFAULT;
CREATE INDEX client_tally_hour ON client_tally (service_id, hour);
CREATE INDEX client_tally_client ON client_tally (service_id, client, hour);

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
