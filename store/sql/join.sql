-- Joins reports to the records that count the same hang-ups.
WITH joined AS (
    UPDATE disconnect d SET joined_generation_id = k.to_generation, joined_off = k.to_off
    FROM unnest(@days::date[], @generations::bigint[], @offs::bigint[], @to_generations::bigint[], @to_offs::bigint[])
        k (day, generation_id, off, to_generation, to_off)
    WHERE d.service_id = @service AND d.day BETWEEN @first_day::date AND @last_day::date AND d.at BETWEEN @first AND @last
        AND d.day = k.day AND d.generation_id = k.generation_id AND d.off = k.off AND d.joined_generation_id IS NULL
    RETURNING d.at, d.route_id, d.agent_id, d.party, d.client, d.client_scope
), dirty AS (
    INSERT INTO dirty_hour (service_id, hour, generation_id)
    SELECT DISTINCT @service::integer, date_trunc('hour', at, 'UTC'), @generation::bigint FROM joined
    ORDER BY 2, 3
    ON CONFLICT (service_id, hour, generation_id) DO UPDATE SET generation_id = excluded.generation_id
)
SELECT at, route_id, agent_id, party, client, client_scope FROM joined -- to be taken out of the counts: the other record alone counts
