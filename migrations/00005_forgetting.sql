-- +goose Up

-- What is needed to forget contents that are long gone (store.Expire), and to ask about a source that has had very many.
ALTER TABLE generation
    ADD COLUMN seen_at   timestamptz NOT NULL DEFAULT now(),   -- when it was found on the disk last, to the day
    ADD COLUMN first_day date DEFAULT '-infinity',             -- the first day that it counts anything in; NULL for nothing
    ADD COLUMN summed    boolean     NOT NULL DEFAULT false;   -- source_sum has its figures
ALTER TABLE generation ALTER first_day DROP DEFAULT; -- of those that are there already it is not known
ALTER TABLE archive ADD COLUMN generation_id bigint; -- whose content it is, if it is one's
ALTER TABLE source
    ADD COLUMN looked_at        timestamptz, -- when all that it names could be looked at and told, last
    ADD COLUMN forgotten_before timestamptz; -- what was not written to since then may be forgotten, and is not read again

-- The sums of those generations of a source that are summed, also of those that are forgotten. One to which something is
-- committed later is taken out again in the same transaction.
CREATE TABLE source_sum (
    service_id     integer NOT NULL,
    source_id      bigint  NOT NULL,
    generations    bigint  NOT NULL,
    off            bigint  NOT NULL,
    bytes_parsed   bigint  NOT NULL,
    bytes_skipped  bigint  NOT NULL,
    bytes_unparsed bigint  NOT NULL,
    bytes_oversize bigint  NOT NULL,
    bytes_lost     bigint  NOT NULL,
    requests       bigint  NOT NULL,
    disconnects    bigint  NOT NULL,
    others         bigint  NOT NULL,
    unparsed       bigint  NOT NULL,
    skipped        bigint  NOT NULL,
    committed_at   timestamptz,
    last_event_at  timestamptz,
    PRIMARY KEY (service_id, source_id),
    FOREIGN KEY (service_id, source_id) REFERENCES source,
    CONSTRAINT every_byte_is_accounted_for CHECK (off = bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize)
);

-- None of these columns changes with a commit, so that the new version of a row stays on its page (a HOT update).
CREATE INDEX generation_unsummed ON generation (service_id, source_id) WHERE NOT summed;
CREATE INDEX generation_seen ON generation (service_id, seen_at) WHERE summed;
-- By a hash of the directory: a path may be longer than an index takes.
CREATE INDEX generation_short_dir ON generation (service_id, source_id, hashtextextended(regexp_replace(path, '/[^/]*$', ''), 0), generation_id)
    WHERE head_len < 1024;
-- A content is looked for by its head in all sources too.
DROP INDEX generation_head;
CREATE INDEX generation_head ON generation (service_id, head_sha256);

-- What the migrations that were applied to this database were like, so that another build's are told: see package migrations.
CREATE TABLE migration_sum (
    version_id bigint PRIMARY KEY,
    sha256     text   NOT NULL
);
