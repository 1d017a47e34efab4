-- The bookings of a partition's last events up to a position.
SELECT DISTINCT latest.booking_id
FROM (
    SELECT event.booking_id
    FROM ledger.fare_event AS event
    WHERE event.partition = %(partition)s AND event.position <= %(upto)s
    ORDER BY event.position DESC
    LIMIT %(tail)s
) AS latest
