-- Records that reports may be joined to, by their clients, or without one by their routes and paths, and by times: those from
-- @far_first to @far_last that are, or were under way, between @first and @last. With the sources that have a report joined
-- to the record already. Texts are hashed.
WITH target AS (
    SELECT a.*
    FROM unnest(@clients::text[]) c (client) JOIN disconnect a ON a.client = c.client
    WHERE a.service_id = @service AND a.day BETWEEN @first_day::date AND @last_day::date AND a.at BETWEEN @far_first AND @far_last
        AND (a.exchange OR a.joined_generation_id IS NULL AND a.source_id < @before_source) AND a.phase <> 'idle'
        AND (a.at >= @first OR a.duration_us >= extract(epoch FROM @first - a.at) * 1000000)
        AND (a.at <= @last OR a.duration_us >= extract(epoch FROM a.at - @last) * 1000000)
    UNION ALL
    SELECT a.*
    FROM unnest(@routes::integer[], @paths::text[]) p (route_id, path) JOIN disconnect a ON a.route_id = p.route_id AND a.path = p.path
    WHERE a.service_id = @service AND a.day BETWEEN @first_day::date AND @last_day::date AND a.at BETWEEN @far_first AND @far_last
        AND a.exchange AND a.phase <> 'idle'
        AND (a.at >= @first OR a.duration_us >= extract(epoch FROM @first - a.at) * 1000000)
        AND (a.at <= @last OR a.duration_us >= extract(epoch FROM a.at - @last) * 1000000)
)
SELECT a.at, coalesce(a.duration_us, 0), a.source_id, a.generation_id, a.off, a.exchange, a.route_id,
    coalesce(hashtextextended(a.client, @seed), 0), coalesce(a.client_port, 0), coalesce(hashtextextended(a.path, @seed), 0),
    coalesce(hashtextextended(a.method, @seed), 0), coalesce(hashtextextended(a.request_id, @seed), 0),
    -- Not a join: where nobody knows how many there are, it may be done in a way that compares all with all.
    nullif(ARRAY(SELECT o.source_id FROM disconnect o WHERE o.service_id = @service AND o.day BETWEEN @first_day::date - 1 AND @last_day::date + 1
        AND o.day BETWEEN a.day - 1 AND a.day + 1 AND o.joined_generation_id = a.generation_id AND o.joined_off = a.off), '{}')
FROM target a
LIMIT @most
