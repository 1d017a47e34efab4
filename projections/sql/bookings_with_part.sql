-- A page of the bookings whose id has a part anywhere, in byte order of their ids, and whether there are more than
-- `most` of them in all. No more than that are ever looked at.
WITH found AS MATERIALIZED (
    SELECT first.partition, first.booking_id
    FROM projection.event_search AS first
    WHERE first.version = 1 AND first.booking_id ILIKE %(pattern)s
    LIMIT %(most)s + 1
)
SELECT found.partition, found.booking_id, (SELECT count(*) FROM found) > %(most)s
FROM found
WHERE found.booking_id ~>~ %(after)s
ORDER BY found.booking_id USING ~<~
LIMIT %(limit)s
