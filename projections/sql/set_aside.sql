-- What is set aside, of one projection or (NULL) of all, the oldest first; so many (NULL: all).
SELECT aside.projection, aside.partition, aside.booking_id, aside.position, aside.error, aside.traceback,
       aside.set_aside_at, aside.tries
FROM projection.set_aside AS aside
WHERE %(projection)s::text IS NULL OR aside.projection = %(projection)s
ORDER BY aside.set_aside_at, aside.partition, aside.booking_id
LIMIT %(most)s::bigint
