-- A session to which nothing can be added is closed and its activity deleted. One that goes on for 12 hours is closed too,
-- so that a client that never stops cannot make activity grow; what it does next is another session.
WITH ended AS (
    UPDATE session s SET closed = true
    WHERE s.service_id = @service AND NOT s.closed AND (
        s.undecided = 0 AND s.last_seen_at + interval '30 minutes' <= @clock::timestamptz
        OR s.undecided = 0 AND s.last_seen_at + interval '30 minutes' <= @now AND s.last_seen_at > @now::timestamptz - interval '1 day'
        OR s.last_seen_at - s.started_at > interval '12 hours'
        OR NOT EXISTS (SELECT FROM session_activity a WHERE a.service_id = @service AND a.client = s.client AND a.agent_hash = s.agent_hash
            AND a.written_at > @now::timestamptz - interval '1 day'))
    RETURNING s.client, s.agent_hash, s.started_at, s.last_seen_at
)
DELETE FROM session_activity a USING ended e
WHERE a.service_id = @service AND a.client = e.client AND a.agent_hash = e.agent_hash
    AND a.at >= e.started_at - interval '1 millisecond' AND a.at <= e.last_seen_at -- see sessions.sql
