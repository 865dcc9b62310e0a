-- Sessions of the activity that is there: signs of life of one client and user agent with gaps below 30 minutes. The open
-- rows of the same clients are replaced.
WITH gaps AS (
    SELECT client, agent_hash, at, generation_id, off, is_drop,
        at - lag(at) OVER (PARTITION BY client, agent_hash ORDER BY at, generation_id, off) >= interval '30 minutes' AS apart
    FROM session_activity WHERE service_id = @service
), numbered AS (
    SELECT *, count(*) FILTER (WHERE apart) OVER (PARTITION BY client, agent_hash ORDER BY at, generation_id, off) AS n FROM gaps
), grouped AS (
    SELECT s.client, s.agent_hash, min(s.at) AS first, max(s.at) AS last_seen_at,
        count(*) FILTER (WHERE s.is_drop) AS disconnects,
        count(*) FILTER (WHERE d.outcome = 'retried') AS retried,
        count(*) FILTER (WHERE d.outcome = 'stayed') AS stayed,
        count(*) FILTER (WHERE d.outcome = 'lost') AS lost
    FROM numbered s
    LEFT JOIN disconnect d ON s.is_drop AND d.service_id = @service AND d.day = (s.at AT TIME ZONE 'UTC')::date
        AND d.generation_id = s.generation_id AND d.off = s.off
    GROUP BY s.client, s.agent_hash, s.n
), sessions AS ( -- one that begins when another began that is closed, as of another server's log, is given the next microsecond
    SELECT g.*, first + interval '1 microsecond' * (SELECT count(*) FROM session c WHERE c.service_id = @service AND c.client = g.client
        AND c.agent_hash = g.agent_hash AND c.closed AND c.started_at >= g.first AND c.started_at < g.first + interval '1 millisecond') AS started_at
    FROM grouped g
), gone AS (
    DELETE FROM session o USING (SELECT DISTINCT client, agent_hash FROM sessions) k
    WHERE o.service_id = @service AND o.client = k.client AND o.agent_hash = k.agent_hash AND NOT o.closed
        AND NOT EXISTS (SELECT FROM sessions s WHERE s.client = o.client AND s.agent_hash = o.agent_hash AND s.started_at = o.started_at)
)
INSERT INTO session (service_id, client, agent_hash, started_at, last_seen_at, disconnects, retried, stayed, lost, undecided, expires_at)
SELECT @service, client, agent_hash, started_at, greatest(last_seen_at, started_at), disconnects, retried, stayed, lost,
    disconnects - retried - stayed - lost, @expires
FROM sessions
ORDER BY client, agent_hash, started_at
ON CONFLICT (service_id, client, agent_hash, started_at) DO UPDATE SET
    last_seen_at = excluded.last_seen_at, disconnects = excluded.disconnects, retried = excluded.retried, stayed = excluded.stayed,
    lost = excluded.lost, undecided = excluded.undecided, expires_at = excluded.expires_at
WHERE NOT session.closed AND (session.last_seen_at, session.disconnects, session.retried, session.stayed, session.lost)
    IS DISTINCT FROM (excluded.last_seen_at, excluded.disconnects, excluded.retried, excluded.stayed, excluded.lost)
