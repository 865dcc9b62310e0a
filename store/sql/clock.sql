-- Up to when all that a service's clients did is known, by its data. What is being caught up holds it back, also when its size is not
-- known or another file follows it; one whose clock is ahead does not move it.
SELECT least(coalesce(min(last_event_at) FILTER (WHERE committed_at > @now::timestamptz - interval '1 minute'
        AND (off < size_seen OR last_event_at < committed_at - interval '5 minutes')),
    max(last_event_at), 'epoch'), @now)
FROM generation WHERE service_id = @service
