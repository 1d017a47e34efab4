-- The events that a transaction id made: as a rule one, since it is unique within a booking only.
SELECT event.partition, event.booking_id, event.version
FROM projection.event_search AS event
WHERE event.transaction_id = %(transaction_id)s
ORDER BY event.recorded_at DESC, event.partition, event.booking_id
LIMIT %(limit)s
