-- Which bookings are set aside, of one projection or (NULL) of all, the oldest first; no more than so many.
SELECT aside.projection, aside.booking_id
FROM projection.set_aside AS aside
WHERE %(projection)s::text IS NULL OR aside.projection = %(projection)s
ORDER BY aside.set_aside_at, aside.partition, aside.booking_id
LIMIT %(most)s
