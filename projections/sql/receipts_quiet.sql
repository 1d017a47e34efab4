-- How far the next events of a partition are of before a time: the position of the last such, of so many at most.
SELECT max(next.position)
FROM (
    SELECT event.position, event.recorded_at
    FROM ledger.fare_event AS event
    WHERE event.partition = %(partition)s AND event.position > %(after)s
    ORDER BY event.position
    LIMIT %(most_events)s
) AS next
WHERE next.recorded_at <= %(before)s
