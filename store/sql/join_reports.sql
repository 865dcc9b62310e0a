-- Reports (error logs, applications) that are to be joined, by time. Texts are hashed, but for what is looked for by itself.
SELECT at, source_id, generation_id, off, route_id, client, CASE WHEN client IS NULL THEN path END,
    coalesce(hashtextextended(client, @seed), 0), coalesce(client_port, 0), coalesce(hashtextextended(path, @seed), 0),
    coalesce(hashtextextended(method, @seed), 0), coalesce(hashtextextended(request_id, @seed), 0)
FROM disconnect
WHERE service_id = @service AND day = ANY (@days::date[]) AND NOT exchange AND phase <> 'idle' AND joined_generation_id IS NULL
    AND written_at >= @recent AND (@from::timestamptz IS NULL OR at >= @from AND at < @to) AND (client IS NOT NULL OR path IS NOT NULL)
    AND (@clients::text[] IS NULL OR client = ANY (@clients::text[]) OR client IS NULL AND path = ANY (@paths::text[]))
ORDER BY at
LIMIT @most
