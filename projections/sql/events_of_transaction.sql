-- Some of the events that a transaction id made: as a rule there is one, since it is unique within a booking only. A
-- range of one value, in the order of its index, and no more of it than asked for: with an equation, a planner that
-- expects many would walk all events by time instead.
SELECT event.partition, event.booking_id, event.version
FROM projection.event_search AS event
WHERE event.transaction_id BETWEEN %(transaction_id)s AND %(transaction_id)s
ORDER BY event.transaction_id
LIMIT %(limit)s
