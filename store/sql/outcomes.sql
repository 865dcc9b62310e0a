-- What became of each hang-up that has activity. The clock is the service's data while a file is caught up, and the wall
-- clock for hang-ups that were written as they happened.
WITH drops AS (
    SELECT a.generation_id, a.off, a.at,
        EXISTS (SELECT FROM session_activity b WHERE b.service_id = a.service_id AND b.client = a.client AND b.agent_hash = a.agent_hash
            AND b.route_id = a.route_id AND b.at >= a.at AND b.at <= a.at + interval '10 seconds'
            AND (b.at > a.at OR b.generation_id = a.generation_id AND b.off > a.off)) AS retried,
        EXISTS (SELECT FROM session_activity b WHERE b.service_id = a.service_id AND b.client = a.client AND b.agent_hash = a.agent_hash
            AND b.at >= a.at AND b.at < a.at + interval '30 minutes'
            AND (b.at > a.at OR b.generation_id = a.generation_id AND b.off > a.off)) AS stayed,
        a.at + interval '30 minutes' <= greatest(@clock::timestamptz,
            CASE WHEN a.written_at - a.at < interval '5 minutes' THEN @now::timestamptz ELSE @clock::timestamptz END) AS over
    FROM session_activity a
    WHERE a.service_id = @service AND a.is_drop
), decided AS (
    SELECT generation_id, off, (at AT TIME ZONE 'UTC')::date AS day,
        CASE WHEN retried THEN 'retried' WHEN stayed THEN 'stayed' WHEN over THEN 'lost' END AS outcome
    FROM drops
)
UPDATE disconnect d SET outcome = decided.outcome
FROM decided
WHERE d.service_id = @service AND d.day = decided.day AND d.generation_id = decided.generation_id AND d.off = decided.off
    AND d.outcome IS DISTINCT FROM decided.outcome AND decided.outcome IS NOT NULL
