-- +goose Up

-- Signs of life that commits append are packed (store/block, Signs): a fifth of the bytes of arrays. Those that are there already are
-- taken over as the job would.
INSERT INTO session_activity (service_id, generation_id, off, at, client, agent_hash, route_id, is_drop, written_at)
SELECT b.service_id, b.generation_id, a.off, a.at, a.client, a.agent_hash, a.route_id, a.is_drop, b.written_at
FROM activity_block b, unnest(b.off, b.at, b.client, b.agent_hash, b.route_id, b.is_drop) a(off, at, client, agent_hash, route_id, is_drop);
DROP VIEW activity;
DROP TABLE activity_block;
CREATE TABLE activity_block (
    service_id    integer     NOT NULL,
    generation_id bigint      NOT NULL,
    written_at    timestamptz NOT NULL,
    signs         bytea       NOT NULL
);
CREATE INDEX activity_block_service ON activity_block (service_id);
ALTER TABLE activity_block ALTER signs SET STORAGE EXTERNAL; -- they do not live long

-- +goose StatementBegin
-- The signs of a block, for people with psql.
CREATE FUNCTION signs_of(block bytea) RETURNS TABLE (off bigint, at timestamptz, client text, agent_hash bigint, route_id integer, is_drop boolean)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS $$
DECLARE
    b      bytea := block || ''::bytea;
    n      integer := length(b);
    pos    integer := 1;
    inside boolean := false; -- signs of client may follow
    v      bigint;
    shift  integer;
    byte   integer;
    value  bigint[] := '{0,0,0}'; -- what the sign begins with, offset, microseconds
BEGIN
    WHILE pos < n LOOP
        FOR field IN 1 .. 3 LOOP
            v := 0;
            shift := 0;
            LOOP
                byte := get_byte(b, pos);
                pos := pos + 1;
                v := v | ((byte & 127)::bigint << shift);
                EXIT WHEN byte < 128;
                shift := shift + 7;
            END LOOP;
            IF NOT inside THEN
                client := convert_from(substring(b FROM pos + 1 FOR v::integer), 'UTF8');
                pos := pos + v + 8;
                agent_hash := ('x' || encode(substring(b FROM pos - 7 FOR 8), 'hex'))::bit(64)::bigint;
            ELSIF field = 1 THEN
                value[1] := v;
            ELSE
                value[field] := value[field] + ((v >> 1 & 9223372036854775807) # -(v & 1));
            END IF;
            EXIT WHEN NOT inside OR value[1] = 0;
        END LOOP;
        IF NOT inside THEN
            inside := true;
        ELSIF value[1] = 0 THEN
            inside := false;
        ELSE
            off := value[2];
            at := 'epoch'::timestamptz + value[3] * interval '1 microsecond';
            route_id := (value[1] - 1) >> 1;
            is_drop := (value[1] - 1) & 1 = 1;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd
CREATE VIEW activity AS
    SELECT service_id, generation_id, off, at, client, agent_hash, route_id, is_drop, written_at FROM session_activity
    UNION ALL
    SELECT b.service_id, b.generation_id, a.off, a.at, a.client, a.agent_hash, a.route_id, a.is_drop, b.written_at
    FROM activity_block b, signs_of(b.signs) a;

-- The text of a record is stored without what other columns of its row have (store/raw.go): a quarter less of the table. raw_of gives
-- it back. Texts that are there already stand as they are; a mark of their own is doubled, as it is from now on.
UPDATE disconnect SET raw = replace(raw, E'\x1a', E'\x1a\x1a') WHERE position(E'\x1a' IN raw) > 0;
-- +goose StatementBegin
CREATE FUNCTION raw_of(d disconnect) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(CASE
        WHEN length(part) <> 2 OR left(part, 1) <> E'\x1a' THEN part
        ELSE CASE right(part, 1)
            WHEN 'm' THEN d.message WHEN 'c' THEN d.client WHEN 'p' THEN d.path WHEN 'q' THEN d.query WHEN 'h' THEN d.host
            WHEN 'u' THEN d.user_agent WHEN 'f' THEN d.referer WHEN 'i' THEN d.request_id WHEN 's' THEN d.upstream WHEN 'l' THEN d.logger
            ELSE right(part, 1) END END, '' ORDER BY n), '')
    FROM (SELECT m[1] AS part, n FROM regexp_matches(d.raw, E'(\x1a.|[^\x1a]+)', 'g') WITH ORDINALITY x(m, n)) parts
$$;
-- +goose StatementEnd
