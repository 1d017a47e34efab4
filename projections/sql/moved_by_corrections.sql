-- What the events that these corrections appended moved, in minor units. In the order of versions, so that no other index
-- is taken, by which a long booking would be read whole.
SELECT correction.id, (
    SELECT event.change
    FROM ledger.fare_event AS event
    WHERE event.partition = correction.partition AND event.booking_id = correction.booking_id
      AND event.version >= correction.event_version
    ORDER BY event.version
    LIMIT 1
)
FROM ledger.correction AS correction
WHERE correction.id = ANY (%(ids)s::uuid[]) AND correction.event_version IS NOT NULL
