-- That a key was used: at most once in the time since %(before)s, and without waiting for whoever has its row.
UPDATE public.events_apikey AS used
SET last_used_at = %(now)s
FROM (
    SELECT id
    FROM public.events_apikey
    WHERE id = %(key)s AND (last_used_at IS NULL OR last_used_at < %(before)s)
    FOR NO KEY UPDATE SKIP LOCKED
) AS free
WHERE used.id = free.id
