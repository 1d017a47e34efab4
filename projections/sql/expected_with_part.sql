-- How many bookings the planner expects to have a part in their id. Nothing is read.
EXPLAIN (FORMAT json)
SELECT first.booking_id
FROM projection.event_search AS first
WHERE first.version = 1 AND first.booking_id ILIKE %(pattern)s
