-- One round of joining reports (error logs, applications) to the record that counts the same hang-up: an access log's own,
-- or, where the access log does not say that the exchange was dropped, the report of another source. A report is joined to
-- the record that fits best, and a record takes one report of each source at a time; rounds go on until nothing fits.
-- They fit when nothing that both say differs and the report came while the exchange was under way, give or take 2 s (access
-- logs stamp the begin or the end of an exchange, often in whole seconds), or up to 30 s later (an application finds out only
-- when it writes).
WITH report AS (
    SELECT day, generation_id, off, source_id, at, route_id, agent_id, party, client, client_port, client_scope, method, path, request_id
    FROM disconnect
    WHERE service_id = @service AND day = ANY (@days::date[]) AND NOT exchange AND phase <> 'idle' AND joined_generation_id IS NULL
        AND written_at >= @recent AND (@from::timestamptz IS NULL OR at >= @from AND at < @to) AND (client IS NOT NULL OR path IS NOT NULL)
        AND (@clients::text[] IS NULL OR client = ANY (@clients::text[]) OR client IS NULL AND path = ANY (@paths::text[]))
), near AS (
    SELECT r.day, r.generation_id, r.off, r.source_id, r.at, a.day AS to_day, a.generation_id AS to_generation, a.off AS to_off, a.exchange,
        extract(epoch FROM r.at - a.at) AS later, coalesce(a.duration_us, 0) / 1e6 AS duration
    FROM report r JOIN disconnect a ON a.service_id = @service AND a.client = r.client
        AND a.at BETWEEN r.at - interval '15 minutes' AND r.at + interval '15 minutes'
        AND (a.client_port = r.client_port OR a.path = r.path)
    WHERE a.phase <> 'idle' AND (a.exchange OR a.joined_generation_id IS NULL AND a.source_id < r.source_id)
        AND (a.client_port = r.client_port) IS NOT FALSE AND (a.request_id = r.request_id) IS NOT FALSE
        AND (a.method = r.method) IS NOT FALSE AND (a.path = r.path) IS NOT FALSE
    UNION ALL
    SELECT r.day, r.generation_id, r.off, r.source_id, r.at, a.day, a.generation_id, a.off, a.exchange,
        extract(epoch FROM r.at - a.at), coalesce(a.duration_us, 0) / 1e6
    FROM report r JOIN disconnect a ON a.service_id = @service AND a.route_id = r.route_id
        AND a.at BETWEEN r.at - interval '15 minutes' AND r.at + interval '15 minutes' AND a.path = r.path
    WHERE r.client IS NULL AND a.exchange AND a.phase <> 'idle' AND (a.request_id = r.request_id) IS NOT FALSE
), pair AS (
    SELECT *, abs(later) AS apart FROM near WHERE later BETWEEN -duration - 2 AND duration + 30
), free AS (
    SELECT * FROM pair p WHERE NOT EXISTS (
        SELECT FROM disconnect o WHERE o.service_id = @service AND o.day BETWEEN p.to_day - 1 AND p.to_day + 1
            AND o.joined_generation_id = p.to_generation AND o.joined_off = p.to_off AND o.source_id = p.source_id)
), ranked AS (
    SELECT *,
        row_number() OVER (PARTITION BY generation_id, off ORDER BY exchange DESC, apart, to_generation, to_off) AS best_of_report,
        row_number() OVER (PARTITION BY to_generation, to_off, source_id ORDER BY apart, generation_id, off) AS best_of_exchange
    FROM free
), joined AS (
    UPDATE disconnect d SET joined_generation_id = k.to_generation, joined_off = k.to_off
    FROM ranked k
    WHERE k.best_of_report = 1 AND k.best_of_exchange = 1
        AND d.service_id = @service AND d.day = k.day AND d.generation_id = k.generation_id AND d.off = k.off AND d.joined_generation_id IS NULL
    RETURNING d.day, d.generation_id, d.at, d.route_id, d.agent_id, d.party, d.client, d.client_scope
), dirty AS (
    INSERT INTO dirty_hour (service_id, hour, generation_id)
    SELECT DISTINCT @service::integer, date_trunc('hour', at, 'UTC'), @generation::bigint FROM joined
    ORDER BY 2, 3
    ON CONFLICT (service_id, hour, generation_id) DO UPDATE SET generation_id = excluded.generation_id
)
SELECT at, route_id, agent_id, party, client, client_scope FROM joined -- to be taken out of the counts: the other record alone counts
